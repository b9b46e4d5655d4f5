/** The mends of mistakes as changes of the text. */

import type { Fix, Place } from "./diagnostic.js";

/** Adds a line as the last of the block in braces that a place ends with. Nothing when no block ends there. */
export function lineAdded({ source, start, end }: Place, line: string): readonly Fix[] {
  const { text } = source;
  const closing = text[end - 1] === "}" ? end - 1 : undefined;
  if (closing === undefined) return [];
  const last = start + text.slice(start, closing).trimEnd().length;
  const isEmpty = text[last - 1] === "{";
  const isOneLine = !/[\r\n]/.test(text.slice(text.lastIndexOf("{", last - 1), closing));
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const outer = /^[ \t]*/.exec(source.line(source.position(closing).line))![0];
  const inner = isEmpty || isOneLine ? `${outer}  ` : /^[ \t]*/.exec(source.line(source.position(last).line))![0];
  const before = isOneLine && !isEmpty ? " " : `${newline}${inner}`;
  const after = isOneLine ? (isEmpty ? `${newline}${outer}` : " ") : text.slice(last, closing);
  return [{ title: `add \`${line}\``, edits: [{ place: { source, start: last, end: closing }, text: `${before}${line}${after}` }] }];
}

/** Takes a line away, with the line break before it when nothing else stands on it. */
export function lineRemoved({ source, start, end }: Place): Fix {
  const { text } = source;
  const before = /(?:\r\n|[\r\n])[ \t]*$/.exec(text.slice(0, start));
  const isAlone = before !== null && /^[ \t]*(?:[\r\n]|$)/.test(text.slice(end));
  return { title: "remove this line", edits: [{ place: { source, start: isAlone ? before.index : start, end }, text: "" }] };
}
