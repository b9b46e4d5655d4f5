/** How expressions are printed. */

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Argument, Binary, Expression } from "../syntax/ast.js";
import { type Printing, block, each, inBrackets } from "./layout.js";
import { operandPrecedence, precedence, precedenceOf } from "./precedence.js";

const { group, indent, join, line } = builders;

/** Prints a part, in parentheses if it binds looser than asked for. */
function operand({ path, print }: Printing, fields: readonly string[], atLeast: number): Doc {
  const part = path.call(({ node }) => node, ...fields) as Expression;
  const doc = print(...fields);
  return precedenceOf(part) < atLeast ? ["(", doc, ")"] : doc;
}

export function printExpression(node: Expression, printing: Printing): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "Number":
      return node.text;
    case "String":
      return quoted(node.value);
    case "Boolean":
      return String(node.value);
    case "None":
      return "none";
    case "Name":
      return node.name;
    case "Unary":
      return node.operator === "not"
        ? ["not ", operand(printing, ["operand"], precedence.comparison)]
        : ["-", operand(printing, ["operand"], precedence.unary)];
    case "Binary":
      return node.operator === "^" ? printPower(node, printing) : printChain(node, printing);
    case "Call":
      return [
        operand(printing, ["callee"], precedence.postfix),
        node.site ? ["@", print("site")] : "",
        inBrackets("(", each(printing, "arguments"), ")"),
      ];
    case "Member":
      return [operand(printing, ["object"], precedence.postfix), ".", print("name")];
    case "Renaming": {
      const pairs = node.pairs.map(({ from, to }) => `${from.name} as ${to.name}`);
      return [operand(printing, ["object"], precedence.postfix), inBrackets("[", pairs, "]")];
    }
    case "ParamExpression":
      return ["param", inBrackets("[", each(printing, "axes"), "]"), " ", print("initial")];
    case "Policy":
      return block(printing, ["lines"]);
    case "Variant":
      return [operand(printing, ["base"], precedence.suffixed), " with ", block(printing, ["items"])];
    case "Where":
      return group([
        operand(printing, ["value"], precedence.suffixed),
        indent([line, "where ", operand(printing, ["condition"], precedence.or)]),
      ]);
    case "Tuple":
      return inBrackets("(", each(printing, "items"), ")");
    case "Missing":
      throw new Error("A tree with missing parts cannot be printed.");
  }
}

/** `2^n`, without spaces, as in formulas. */
function printPower(node: Binary, printing: Printing): Doc {
  const { left, right } = operandPrecedence(node);
  return [operand(printing, ["left"], left), "^", operand(printing, ["right"], right)];
}

/**
 * Operators that bind alike and follow one another, as in `a + b - c`, break together, in front of each operator. They
 * are walked in a loop: a sum can have many more terms than the stack has room for.
 */
function printChain(node: Binary, printing: Printing): Doc {
  const own = precedenceOf(node);
  const rest: Doc[] = [];
  const fields: string[] = [];
  let link = node;
  for (;;) {
    const { left, right } = operandPrecedence(link);
    rest.unshift([line, link.operator, " ", operand(printing, [...fields, "right"], right)]);
    fields.push("left");
    if (link.left.kind !== "Binary" || precedenceOf(link.left) !== own || own === precedence.comparison) {
      return group([operand(printing, fields, left), indent(rest)]);
    }
    link = link.left;
  }
}

export function printArgument(node: Argument, printing: Printing): Doc {
  const { print } = printing;
  const clause = node.clause ? group(indent([line, print("clause")])) : "";
  return [node.name ? [print("name"), ": "] : "", print("value"), clause];
}

/** The keyword and the axes after it: `over head, key`. */
export function printClause(keyword: string, axes: readonly Doc[]): Doc {
  return [keyword, " ", indent(join([",", line], [...axes]))];
}

export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
