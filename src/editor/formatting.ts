/** Formatting a whole document. */

import type { TextEdit } from "vscode-languageserver";
import { SourceFile } from "../diagnostics/source.js";
import { formatText } from "../format/format.js";
import { rangeOf } from "./ranges.js";
import type { Spec } from "./spec.js";

/**
 * The changes that bring a text into the canonical format: none where it has syntax errors, and else the lines that differ, so
 * that the cursor stays. Line ends stay what they are.
 */
export async function formattingOf({ main: { source }, diagnostics }: Spec): Promise<TextEdit[]> {
  if (diagnostics.some(({ code, place }) => code.startsWith("N01") && place.source === source)) return [];
  const { text, path } = source;
  const plain = await formatText(text, path);
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const formatted = mark + (text.includes("\r\n") ? plain.replaceAll("\n", "\r\n") : plain);
  return formatted === text ? [] : [changedPart(source, formatted)];
}

/** One change from the first line that differs to the last. */
function changedPart(source: SourceFile, after: string): TextEdit {
  const before = source.text;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  head = before.lastIndexOf("\n", head - 1) + 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  // Whole lines, so that no line end is cut in two.
  const lineEnd = before.indexOf("\n", before.length - tail);
  tail = lineEnd < 0 ? 0 : before.length - lineEnd - 1;
  return { range: rangeOf(source, { start: head, end: before.length - tail }), newText: after.slice(head, after.length - tail) };
}
