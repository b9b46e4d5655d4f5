/**
 * The one printer of the language. Its layout has no options, and no line break of the source decides anything but blank
 * lines, so that two texts with the same tree and comments are printed alike.
 *
 * - One decision per line: every statement, setting and policy line has its own. Only a block that holds a single entry
 *   goes on the line of its head, when it fits there: `normalize { cls: layer }`.
 * - Columns are not aligned. If they were, one longer name would change the lines of all its neighbours, and a diff
 *   would no longer show which decision differs.
 * - Numbers stay as written; parentheses stand where the tree needs them.
 */

import type { AstPath, Doc, Printer } from "prettier";
import { builders, printer as docPrinter } from "prettier/doc";
import type { Definition, File, Node, Use } from "../syntax/ast.js";
import { comments, printDanglingComments } from "./comments.js";
import { printArgument, printClause, printExpression } from "./expressions.js";
import { type Printing, type TreePath, each } from "./layout.js";
import { printAxis, printDefinition, printParameter, printPolicyLine, printStatement, printUse, printUseItem } from "./statements.js";
import { isBlankLineBehind } from "./surroundings.js";

const { hardline, join } = builders;

export interface Layout {
  readonly printWidth: number;
  readonly tabWidth: number;
}
export const canonicalLayout: Layout = { printWidth: 100, tabWidth: 2 };

/** A printer that lays out as given, whatever options Prettier was called with. */
export function createPrinter(layout: Layout): Printer<Node> {
  return {
    ...comments,
    print(path: AstPath, { originalText: text }, printPart) {
      const printing: Printing = { path: path as unknown as TreePath, text, print: (...fields) => (fields.length === 0 ? printPart() : printPart(fields)) };
      const doc = printNode(path.node as Node, printing);
      if (path.node.kind !== "File") return doc;
      // Laid out here and now: a fenced block in Markdown must not take over that file's options.
      const { formatted } = docPrinter.printDocToString(doc, { ...layout, useTabs: false });
      return join(hardline, formatted.split("\n"));
    },
  };
}

function printNode(node: Node, printing: Printing): Doc {
  switch (node.kind) {
    case "File":
      return printFile(node, printing);
    case "Use":
      return printUse(node, printing);
    case "UseItem":
      return printUseItem(node, printing);
    case "Definition":
      return printDefinition(node, printing);
    case "Parameter":
      return printParameter(node, printing);
    case "AxisDeclaration":
      return printAxis(node, printing);
    case "PolicyLine":
      return printPolicyLine(node, printing);
    case "Argument":
      return printArgument(node, printing);
    case "Clause":
      return printClause(node.keyword, each(printing, "axes"));
    case "Initial":
      return [node.drawn ? "~ " : "= ", printing.print("value")];
    case "Reported":
      return [printing.print("path"), node.best ? ` ${node.best}` : ""];
    case "Path":
      return node.segments.join(".");
    case "Identifier":
      return node.name;
    case "Comment":
      return node.value;
    case "Number": case "String": case "Boolean": case "None": case "Name": case "Unary": case "Binary": case "Call":
    case "Member": case "Renaming": case "ParamExpression": case "Policy": case "Variant": case "Where": case "Tuple":
    case "Missing":
      return printExpression(node, printing);
    default:
      return printStatement(node, printing);
  }
}

/** Uses and definitions in the order of the text, with one blank line around every definition. */
function printFile(file: File, printing: Printing): Doc {
  const { path, print, text } = printing;
  const parts: { node: Use | Definition; doc: Doc }[] = [];
  for (const field of ["uses", "definitions"]) path.each(({ node }) => parts.push({ node: node as Use | Definition, doc: print() }), field);
  parts.sort((a, b) => a.node.start - b.node.start);
  if (parts.length === 0) {
    const inside = printDanglingComments(path, text);
    return inside.length === 0 ? "" : [...inside, hardline];
  }
  return parts.map(({ node, doc }, i) => {
    const next = parts[i + 1]?.node;
    if (next === undefined) return [doc, hardline];
    const apart = node.kind === "Definition" || next.kind === "Definition" || isBlankLineBehind(text, node.end);
    return [doc, hardline, apart ? hardline : ""];
  });
}
