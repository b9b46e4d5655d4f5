/** What stands at an offset: nodes of the tree, and tokens before it. */

import type { IToken } from "#chevrotain";
import type * as ast from "../syntax/ast.js";
import { lexer } from "../syntax/tokens.js";
import { childrenOf } from "../syntax/visit.js";

/** The nodes around an offset, outermost first. An offset at the end of a node is still in it. */
export function nodesAt(file: ast.File, offset: number): readonly ast.Node[] {
  const found: ast.Node[] = [file];
  for (;;) {
    const around = childrenOf(found.at(-1)!).filter(({ start, end }) => start <= offset && offset <= end);
    // Between two nodes that touch, the second one is meant.
    const next = around.find(({ end }) => offset < end) ?? around[0];
    if (next === undefined) return found;
    found.push(next);
  }
}

/** What is being typed at an offset. */
export interface Typing {
  /** The tokens before it, from the start of the definition that it is in, without the word that it is in or behind. */
  readonly tokens: readonly IToken[];
  /** Where that word starts; the offset itself when there is none. */
  readonly start: number;
  /** Whether nothing but blanks stands before the word on its line. */
  readonly isLineStart: boolean;
}

/** Undefined inside of a comment or a text. */
export function typingAt(text: string, offset: number): Typing | undefined {
  const { tokens, groups } = lexer.tokenize(text);
  const within = (token: IToken) => token.startOffset < offset && offset <= token.endOffset!;
  if ((groups["comments"] ?? []).some((comment) => comment.startOffset < offset && offset <= comment.endOffset! + 1)) return undefined;
  if (tokens.some((token) => token.image.startsWith('"') && within(token))) return undefined;
  const before = tokens.filter((token) => token.startOffset < offset);
  const last = before.at(-1);
  const isTyped = last !== undefined && last.endOffset! + 1 >= offset && /^[\p{L}_]/u.test(last.image);
  if (isTyped) before.pop();
  const start = isTyped ? last.startOffset : offset;
  const line = text.slice(Math.max(text.lastIndexOf("\n", start - 1), text.lastIndexOf("\r", start - 1)) + 1, start);
  return { tokens: before.slice(startOfPart(before)), start, isLineStart: /^[ \t\uFEFF]*$/.test(line) };
}

const opens = new Set(["use", "norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure", "stack", "model", "train", "ablation"]);

/** The last token that opens a definition at the left edge of the text. */
function startOfPart(tokens: readonly IToken[]): number {
  const found = tokens.findLastIndex((token, i) => token.startColumn === 1 && opens.has(token.image) && tokens[i + 1]?.image !== "=");
  return Math.max(found, 0);
}
