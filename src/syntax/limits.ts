/** What the parser refuses, so that no text, however made, can exhaust the stack or hold us up. */

import type { IToken } from "#chevrotain";
import type { Node } from "./ast.js";
import { endsOperand } from "./recovery.js";
import { childrenOf } from "./visit.js";

/** Texts beyond this many UTF-16 units are no specs. */
export const longestText = 1_000_000;
/** Brackets, and operators that nest as brackets do, may be nested so deep. */
export const deepestNesting = 200;
/** The tree may have so many levels. Chains such as `a + b + c` nest in the tree though not in the text. */
export const deepestTree = 400;

/** The token at which brackets, signs and exponents are nested deeper than allowed. */
export function tooDeepToken(tokens: readonly IToken[]): IToken | undefined {
  const outer: { level: number; base: number }[] = [];
  // The base is the level of the innermost bracket; signs and exponents add to it until their operand ends.
  let level = 0;
  let base = 0;
  let previous: IToken | undefined;
  for (const token of tokens) {
    const { image } = token;
    const isOperand = previous !== undefined && endsOperand(previous);
    if (image === "(" || image === "[" || image === "{") {
      outer.push({ level, base });
      level += 1;
      base = level;
    } else if (image === ")" || image === "]" || image === "}") {
      ({ level, base } = outer.pop() ?? { level: 0, base: 0 });
    } else if (image === "^" || image === "not" || (image === "-" && !isOperand)) {
      level += 1;
    } else if (image !== "." && image !== "@" && (isOperand || !endsOperand(token))) {
      // Another operator, or the start of what follows the operand.
      level = base;
    }
    if (level > deepestNesting) return token;
    previous = token;
  }
  return undefined;
}

/** The first node that is deeper in the tree than allowed. */
export function tooDeepNode(root: Node): Node | undefined {
  const open: { node: Node; depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    if (depth > deepestTree) return node;
    for (const child of childrenOf(node)) open.push({ node: child, depth: depth + 1 });
  }
  return undefined;
}
