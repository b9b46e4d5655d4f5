/** How definitions and statements are printed. */

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { AxisDeclaration, Definition, Parameter, PolicyLine, Statement, Use, UseItem } from "../syntax/ast.js";
import { printDanglingComments } from "./comments.js";
import { quoted } from "./expressions.js";
import { type Printing, block, each, inBraces, inBrackets, listed } from "./layout.js";

const { group, hardline, indent } = builders;

export function printUse(node: Use, printing: Printing): Doc {
  const items = node.items ? [" ", inBraces(each(printing, "items"))] : "";
  return ["use ", node.isFile ? quoted(node.module) : node.module, items];
}

export function printUseItem(node: UseItem, { print }: Printing): Doc {
  return [print("name"), node.alias ? [" as ", print("alias")] : ""];
}

export function printDefinition(node: Definition, printing: Printing): Doc {
  const { path, print, text } = printing;
  const head = [
    node.keyword,
    " ",
    print("name"),
    node.parameters ? inBrackets("(", each(printing, "parameters"), ")") : "",
    node.of ? [" of ", listed(each(printing, "of"))] : "",
  ];
  const inside = printDanglingComments(path, text);
  if (node.value === undefined) return [...head, " ", block(printing, ["body"], inside)];
  return [...head, " =", inside.length === 0 ? [" ", print("value")] : indent([hardline, ...inside, hardline, print("value")])];
}

export function printParameter(node: Parameter, { print }: Printing): Doc {
  return [
    print("name"),
    node.axes ? [` ${node.axesKeyword ?? "over"} `, print("axes")] : "",
    node.default ? [" = ", print("default")] : "",
  ];
}

export function printAxis(node: AxisDeclaration, { print }: Printing): Doc {
  return [print("name"), node.extent ? [": ", print("extent")] : ""];
}

export function printPolicyLine(node: PolicyLine, printing: Printing): Doc {
  return [node.groups ? listed(each(printing, "groups")) : "..", ": ", printing.print("value")];
}

export function printStatement(node: Statement, printing: Printing): Doc {
  const { path, print, text } = printing;
  const axes = () => inBrackets("[", each(printing, "axes"), "]");
  const axesIfAny = (declared: readonly AxisDeclaration[]) => (declared.length === 0 ? "" : axes());
  const paths = (field: string) => listed(each(printing, field));
  switch (node.kind) {
    case "Param":
      return ["param ", print("name"), axesIfAny(node.axes), " ", print("initial"), node.kept ? [" kept ", print("kept")] : ""];
    case "State":
      return [node.scope, " ", print("name"), axesIfAny(node.axes), " = ", print("value")];
    case "Binding":
      return [print("name"), " = ", print("value")];
    case "Update":
      return [print("name"), " <- ", print("value")];
    case "When": {
      // Two branches are two decisions, and have their lines even when both are short.
      const alone = node.otherwise === undefined;
      const then = block(printing, ["then"], printDanglingComments(path, text, "then"), alone);
      const otherwise = alone ? "" : [" otherwise ", block(printing, ["otherwise"], printDanglingComments(path, text, "otherwise"), false)];
      return ["when ", print("condition"), " ", then, otherwise];
    }
    case "Return": {
      if (node.gradient === undefined) return ["return ", print("value")];
      const body = block(printing, ["gradient", "body"], printDanglingComments(path, text));
      return ["return ", print("value"), ` with gradient(${node.gradient.cotangent.name}) `, body];
    }
    case "Input":
      return ["input ", print("name"), axesIfAny(node.axes), node.below ? [" in ", print("below")] : ""];
    case "Loss":
      return ["loss ", print("value")];
    case "Report":
      return ["report ", node.name ? [print("name"), ": "] : "", print("value")];
    case "Groups":
      return ["groups ", inBraces(each(printing, "groups"))];
    case "Normalize":
      return ["normalize", node.at.length === 0 ? "" : [" at ", paths("at")], node.policy ? [" ", print("policy")] : ""];
    case "Place":
      return ["place ", print("value")];
    case "Repeat":
      return ["repeat ", print("count"), " ", block(printing, ["body"], printDanglingComments(path, text))];
    case "Sublayer":
      return [
        print("value"),
        node.placed ? [" placed ", print("placed")] : "",
        node.normalized ? [" normalized ", print("normalized")] : "",
      ];
    case "Setting":
      return [node.keyword, " ", node.at.length === 0 ? "" : ["at ", paths("at"), ": "], print("value")];
    case "Freeze":
      return ["freeze ", paths("at")];
    case "From":
      return ["from ", print("value"), node.at.length === 0 ? "" : [" at ", paths("at")]];
    case "Measurement":
      return [
        "measure ",
        listed(each(printing, "measures")),
        node.at ? [" at ", print("at")] : "",
        node.given.length > 0 ? [" given ", listed(each(printing, "given"))] : "",
        node.mode ? [" in ", print("mode")] : "",
        node.every ? [" every ", print("every", "count"), " ", print("every", "unit")] : "",
        node.of ? [" of ", print("of", "count"), " ", print("of", "unit")] : "",
      ];
    case "Vary":
      return ["vary ", paths("paths"), " in ", inBraces(each(printing, "choices"))];
    case "Exclude": {
      const conditions = path.map(() => group([print("path"), " = ", print("value")]), "conditions");
      return ["exclude ", listed(conditions)];
    }
    case "Seeds":
      return ["seeds ", print("value")];
    case "AblationReport": {
      const items = each(printing, "items");
      // In front of what is reported there may be a comment, and then it begins a line of its own.
      return ["report ", items.length === 1 ? indent(items) : listed(items)];
    }
  }
}
