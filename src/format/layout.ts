/** The shapes that the printer is made of: lists in brackets, blocks of entries, and the names in between. */

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Node } from "../syntax/ast.js";
import { isBlankLineBehind } from "./surroundings.js";

const { group, hardline, ifBreak, indent, join, line, softline } = builders;

/** The part of Prettier's path that is used here; its own type does not know fields that are only known at run time. */
export interface TreePath<T = Node> {
  readonly node: T;
  readonly isLast: boolean;
  call<Result>(callback: (path: TreePath) => Result, ...fields: string[]): Result;
  map<Result>(callback: (path: TreePath) => Result, ...fields: string[]): Result[];
  each(callback: (path: TreePath) => void, ...fields: string[]): void;
}

/** Where the printer stands, and how it prints what is below. */
export interface Printing {
  readonly path: TreePath;
  readonly text: string;
  readonly print: (...fields: string[]) => Doc;
}

/** Prints every element of the list in a field. */
export function each({ path, print }: Printing, ...fields: string[]): Doc[] {
  return path.map(() => print(), ...fields);
}

/** `(a, b)` on one line, or one item a line with a comma behind each. */
export function inBrackets(open: string, items: readonly Doc[], close: string): Doc {
  if (items.length === 0) return [open, close];
  return group([open, indent([softline, join([",", line], [...items])]), ifBreak(","), softline, close]);
}

/** `{ a, b }` on one line, or one item a line with a comma behind each. */
export function inBraces(items: readonly Doc[]): Doc {
  return group(["{", indent([line, join([",", line], [...items])]), ifBreak(","), line, "}"]);
}

/** `a, b` without brackets around. One alone is no list, and what it is broken into is not indented twice. */
export function listed(items: readonly Doc[]): Doc {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only;
  return group(indent(join([",", line], [...items])));
}

/**
 * The entries of a block: a single one on the line of the braces if it fits there, more of them one a line, with at most
 * one blank line kept between two. `inside` are comments of an empty block.
 */
export function block(printing: Printing, fields: readonly string[], inside: readonly Doc[] = [], mayFlatten = true): Doc {
  const { path, text } = printing;
  const entries: Doc[] = [];
  path.each(({ node, isLast }) => {
    entries.push(printing.print());
    if (!isLast) entries.push(hardline, isBlankLineBehind(text, node.end) ? hardline : "");
  }, ...fields);
  if (entries.length === 0) return inside.length === 0 ? "{}" : ["{", indent([hardline, ...inside]), hardline, "}"];
  const edge = entries.length === 1 && mayFlatten ? line : hardline;
  return group(["{", indent([edge, ...entries]), edge, "}"]);
}

