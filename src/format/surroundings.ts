/** What the text holds around a place: code past blanks, commas and comments, and blank lines. */

import type { Comment, Node } from "../syntax/ast.js";

export interface Surroundings {
  /** Behind the last character in front of the comment. */
  readonly before: number;
  /** At the next character behind the comment. */
  readonly after: number;
}

/** Of each file, the comment that was asked for last, and what stands around it. */
const latest = new WeakMap<Node, { readonly comment: Comment; readonly around: Surroundings }>();

/**
 * What stands around a comment of a file. To be asked for the comments of a file in their order: thousands of comments
 * in a row have the same surroundings, and to look past all of them for each would take the square of their number.
 */
export function surroundingsOf(comment: Comment, file: Node, text: string): Surroundings {
  const last = latest.get(file);
  const sameRun = last !== undefined && last.comment.start < comment.start && comment.start < last.around.after;
  const around = sameRun ? last.around : { before: pastBlanksBefore(text, comment.start), after: pastCommentsAfter(text, comment.end) };
  latest.set(file, { comment, around });
  return around;
}

const blank = /[\s,]/;

function pastBlanksBefore(text: string, offset: number): number {
  let before = offset;
  while (before > 0 && blank.test(text[before - 1]!)) before--;
  return before;
}

function pastCommentsAfter(text: string, offset: number): number {
  let after = offset;
  for (;;) {
    while (after < text.length && blank.test(text[after]!)) after++;
    if (!text.startsWith("//", after)) return after;
    const end = text.indexOf("\n", after);
    after = end < 0 ? text.length : end;
  }
}

const toBlankLine = /[, \t]*(?:\/\/[^\n]*)?\n[ \t]*\n/y;

/** Whether a blank line follows the line on which something ends, with nothing but a comma and a comment behind it. */
export function isBlankLineBehind(text: string, end: number): boolean {
  toBlankLine.lastIndex = end;
  return toBlankLine.test(text);
}
