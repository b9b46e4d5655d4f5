/** Text to tree: lexing, parsing, and the syntax errors, one for each mistake. */

import { type Diagnostic, diagnostic } from "../diagnostics/diagnostic.js";
import type { SourceFile } from "../diagnostics/source.js";
import type { File, Span } from "./ast.js";
import { buildFile } from "./build-file.js";
import { lexicalErrors } from "./lexical-errors.js";
import { deepestNesting, deepestTree, longestText, tooDeepNode, tooDeepToken } from "./limits.js";
import { syntaxError } from "./mistakes.js";
import { readFile } from "./recovery.js";
import { lexer } from "./tokens.js";

export interface Parsed {
  readonly source: SourceFile;
  /** What could be read: definitions with mistakes are marked as damaged, and lack the statements that hold them. */
  readonly file: File;
  readonly diagnostics: readonly Diagnostic[];
}

/** So many errors are told of one file. */
const mostErrors = 100;

/** Parses a file. Never throws: what cannot be read is reported, and the tree holds the rest. */
export function parse(source: SourceFile): Parsed {
  const { text } = source;
  const refused = (message: string, { start, end }: Span, help?: string): Parsed => ({
    source,
    file: { kind: "File", uses: [], definitions: [], comments: [], start: 0, end: text.length },
    diagnostics: [diagnostic("N0103", { source, start, end }, message, help === undefined ? {} : { help })],
  });
  if (text.length > longestText) return refused(`the file has ${text.length} characters; at most ${longestText} are read`, { start: 0, end: 1 });
  const lexed = lexer.tokenize(text);
  const deep = tooDeepToken(lexed.tokens);
  if (deep !== undefined) {
    return refused(`brackets and operators are nested deeper than ${deepestNesting}`, { start: deep.startOffset, end: deep.startOffset + 1 });
  }

  const unreadable = lexicalErrors(source, lexed.errors, lexed.tokens);
  const strays = unreadable.map(({ place }) => place.start).sort((a, b) => a - b);
  const { parts, mistakes } = readFile(lexed.tokens);
  const file = buildFile(parts, text, lexed.groups["comments"] ?? [], (span) => isWithin(strays, span));
  const endless = tooDeepNode(file);
  if (endless !== undefined) {
    return refused(`the expression has more than ${deepestTree} levels`, { start: endless.start, end: Math.min(endless.end, endless.start + 1) }, "give names to parts of it");
  }
  // A mistake around a stray character is that character.
  const wrong = mistakes.filter((mistake) => !isWithin(strays, mistake)).map((mistake) => syntaxError(source, mistake));
  const diagnostics = [...unreadable, ...wrong].sort((a, b) => a.place.start - b.place.start).slice(0, mostErrors);
  return { source, file, diagnostics };
}

/** Whether one of the offsets, which are in order, is within a span. */
function isWithin(offsets: readonly number[], { start, end }: Span): boolean {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low < offsets.length && offsets[low]! < end;
}
