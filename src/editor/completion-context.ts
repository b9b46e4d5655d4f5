/** What kind of name may stand at the cursor: from the rules of the grammar that it would be in, and the tokens of its definition. */

import type { IToken } from "#chevrotain";
import type { DefinitionKeyword } from "../syntax/ast.js";
import type { Next } from "./grammar-walk.js";

/** What may be offered. */
export type Wanted =
  /** Definitions of these kinds; all that can be called in an expression, with local names, where there is no list. */
  | { readonly kind: "definitions"; readonly of?: readonly DefinitionKeyword[] }
  | { readonly kind: "groups" | "axes" | "modules" | "loaders" | "states" | "replaced" | "measured" }
  /** Names of the module that a `use` names. */
  | { readonly kind: "items"; readonly module: string }
  /** Parameters of what is called: its name, and that of its module where one stands before it. */
  | { readonly kind: "parameters"; readonly callee: readonly string[] }
  /** Parts of what stands before a dot. */
  | { readonly kind: "members"; readonly object: readonly string[] }
  /** Segments of a path, behind those that stand there already. */
  | { readonly kind: "path"; readonly of: "sites" | "parameters" | "varied" | "reports"; readonly before: readonly string[] }
  | { readonly kind: "words"; readonly words: readonly string[] };

/** The rules between an expression and the name in it. */
const inExpressions = new Set(["expression", "disjunction", "conjunction", "negation", "comparison", "sum", "product", "unary", "power", "postfix", "primary", "suffix"]);

const settings: Readonly<Record<string, Wanted>> = {
  optimizer: { kind: "definitions", of: ["optimizer"] },
  schedule: { kind: "definitions", of: ["schedule"] },
  from: { kind: "definitions", of: ["train"] },
  data: { kind: "loaders" },
  precision: { kind: "words", words: ["single", "mixed"] },
};

/** What a name would be that comes next; nothing where a new name is given. */
export function wantedBy({ rules, token }: Next, tokens: readonly IToken[]): Wanted | undefined {
  const last = rules.at(-1)!;
  const before = tokens.at(-1)?.image;
  const image = (rule: { readonly start: number }) => tokens[rule.start]?.image;
  const parent = rules.at(-2)?.name;
  switch (last.name) {
    case "policyLine":
      return { kind: "groups" };
    case "applied":
      return { kind: "definitions", of: ["layer", "function"] };
    case "use":
      return before === "use" || before === "." ? { kind: "modules" } : undefined;
    case "useItem":
      return before === "as" ? undefined : { kind: "items", module: usedModule(tokens, rules.findLast(({ name }) => name === "use")!.start) };
    case "ablation":
      return before === "of" || before === "," ? { kind: "definitions", of: ["train"] } : undefined;
    case "axis":
      return parent === "groups" ? undefined : { kind: "axes" };
    case "renamed":
      return before === "as" ? undefined : { kind: "axes" };
    case "update":
      return { kind: "states" };
    case "binding":
      return parent === "variantItem" ? { kind: "replaced" } : undefined;
    case "argument":
      return { kind: "parameters", callee: dotted(tokens, rules.findLast(({ name }) => name === "call")!.start - 1) };
    case "member":
      return { kind: "members", object: dotted(tokens, tokens.length - 2) };
    case "segment":
      return pathOf(rules, tokens);
    case "measurement":
      return before === "in" ? { kind: "words", words: ["training", "evaluation"] } : { kind: "words", words: tokens.findLast(({ image: word }) => word === "every" || word === "of")?.image === "of" ? ["examples"] : ["epochs", "steps"] };
    case "primary":
      break;
    default:
      return undefined;
  }
  if (token.name !== "Name") return undefined;
  // What a measure is taken of are names of the model.
  if (rules.some(({ name }) => name === "measurement") && rules.some(({ name }) => name === "argument")) return { kind: "measured" };
  const holder = rules.findLast(({ name }) => !inExpressions.has(name));
  switch (holder?.name) {
    case "policyLine":
      return { kind: "definitions", of: ["norm"] };
    case "place":
      return { kind: "definitions", of: ["placement"] };
    case "sublayer":
      return { kind: "definitions", of: ["placement"] };
    case "train":
      return { kind: "definitions", of: ["model"] };
    case "equals":
      return { kind: "definitions", of: [image(rules.findLast(({ name }) => ["callable", "stack", "model", "train"].includes(name))!) as DefinitionKeyword] };
    case "initial":
      return image(holder) === "~" ? { kind: "definitions", of: ["initializer"] } : { kind: "definitions" };
    case "measurement":
      return before === "every" || before === "of" ? undefined : { kind: "definitions", of: ["measure", "function", "objective"] };
    case "vary":
    case "exclude":
      return { kind: "definitions", of: ["norm", "placement", "layer", "stack", "optimizer", "schedule"] };
    case "setting":
      return settings[image(holder) ?? ""] ?? { kind: "definitions" };
    default:
      return { kind: "definitions" };
  }
}

/** The name that ends at a token, with that of the module before it. */
function dotted(tokens: readonly IToken[], at: number): readonly string[] {
  const name = tokens[at]?.image;
  if (name === undefined || !/^[\p{L}_]/u.test(name)) return [];
  return tokens[at - 1]?.image === "." && at >= 2 ? [tokens[at - 2]!.image, name] : [name];
}

function usedModule(tokens: readonly IToken[], start: number): string {
  const end = tokens.findIndex(({ image }, i) => i > start && image === "{");
  return tokens.slice(start + 1, end).map(({ image }) => image).join("");
}

function pathOf(rules: Next["rules"], tokens: readonly IToken[]): Wanted {
  const path = rules.findLast(({ name }) => name === "path")!;
  const before = tokens.slice(path.start).map(({ image }) => image).filter((image) => image !== ".");
  const holder = rules[rules.indexOf(path) - 1]?.name;
  const of = holder === "normalize" ? "sites" : holder === "vary" || holder === "exclude" ? "varied" : holder === "reported" ? "reports" : "parameters";
  return { kind: "path", of, before };
}
