/** Mistakes as diagnostics: what was expected and what stands there instead, at the place where it is missing. */

import { type ILexingError, type IToken, EOF } from "chevrotain";
import { type Diagnostic, type DiagnosticDetails, type Place, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import type { SourceFile } from "../diagnostics/source.js";
import { spanOf } from "./read-cst.js";
import { type Mistake, endsOperand, openBrackets } from "./recovery.js";
import { keywordTokens } from "./tokens.js";
import * as t from "./tokens.js";

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The diagnostic of a mistake against the grammar. */
export function syntaxError(source: SourceFile, mistake: Mistake): Diagnostic {
  const { expected, found, previous, part, next } = mistake;
  const isEnd = found.tokenType === EOF;
  const open = openAt(part, found);
  if (isEnd && open !== undefined) {
    const suspect = misindented(part, source) ?? open;
    return diagnostic("N0102", { source, ...spanOf(suspect) }, `\`${suspect.image}\` is not closed`, { help: `add \`${closers[suspect.image]}\`` });
  }
  const there = isEnd ? next : found;
  const isBelow = previous !== undefined && (there === undefined || there.startLine !== previous.startLine);
  const details = hints(mistake, open, source);
  if (isBelow) {
    // What is missing belongs behind the last token, not in front of whatever the next line starts with.
    const { end } = spanOf(previous);
    return diagnostic("N0102", { source, start: end, end: end + 1 }, `expected ${expected} after \`${shortened(previous.image)}\``, details);
  }
  const place = there === undefined ? { start: 0, end: 1 } : spanOf(there);
  return diagnostic("N0102", { source, ...place }, `expected ${expected}, and found ${there === undefined ? "nothing" : `\`${shortened(there.image)}\``}`, details);
}

function shortened(image: string): string {
  return image.length <= 40 ? image : `${image.slice(0, 39)}…`;
}

/** The innermost bracket that is open where a token stands. */
function openAt(part: readonly IToken[], found: IToken): IToken | undefined {
  const at = part.indexOf(found);
  // The end token is in no part; what is open behind the last token is what is open before one more.
  return openBrackets(at < 0 ? [...part, found] : part).at(at)!.at(-1);
}

/** A brace whose closing brace, at the start of a line, stands further left: it closes something around. */
function misindented(part: readonly IToken[], source: SourceFile): IToken | undefined {
  const open = openBrackets(part);
  const indentation = (token: IToken) => /^[ \t]*/.exec(source.line(token.startLine!))![0].length;
  const wrong = part.findIndex((token, i) => {
    const opener = open[i]!.at(-1);
    const startsLine = part[i - 1]?.startLine !== token.startLine;
    return token.image === "}" && opener?.image === "{" && startsLine && indentation(token) < indentation(opener);
  });
  return wrong < 0 ? undefined : open[wrong]!.at(-1);
}

/** What would mend the mistake, as far as that can be guessed, and which bracket is meant. */
function hints({ rule, expected, found, previous, part }: Mistake, open: IToken | undefined, source: SourceFile): DiagnosticDetails {
  const related = open !== undefined && expected.includes(`\`${closers[open.image]}\``) ? [{ place: { source, ...spanOf(open) }, label: "opened here" }] : [];
  const word = previous === part[0] && rule !== "file" ? previous : found;
  const isAtStart = rule === "file" || found === part[0];
  const help = advice(expected, found, previous) ?? (isAtStart && word !== undefined ? similarHelp(word.image, definitionWords) : undefined);
  return { related, ...(help !== undefined && { help }) };
}

const definitionWords = ["use", "norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure", "stack", "model", "train", "ablation"];
const reserved: ReadonlySet<unknown> = new Set(keywordTokens.filter((token) => token.CATEGORIES!.includes(t.Word)));

function advice(expected: string, found: IToken, previous: IToken | undefined): string | undefined {
  if (expected.includes("a name") && reserved.has(found.tokenType)) return `\`${found.image}\` is a reserved word; choose another name`;
  if (expected.startsWith("`,`") && endsOperand(found)) return "separate the items with commas";
  if (found.tokenType === t.Equals && previous !== undefined && expected.startsWith("`,`")) return "an argument is named with `:`, as in `eps: 1e-6`; to compare, write `==`";
  return undefined;
}

/** The diagnostics of what the lexer could not read. */
export function lexicalErrors(source: SourceFile, errors: readonly ILexingError[], tokens: readonly IToken[]): Diagnostic[] {
  const strays = errors.map(({ offset, length }) => {
    const text = source.text.slice(offset, offset + length);
    const help = strayHelp(text);
    return diagnostic("N0101", { source, start: offset, end: offset + length }, `\`${printable(text)}\` is no part of the language`, help === undefined ? {} : { help });
  });
  const texts = tokens.filter(({ tokenType }) => tokenType === t.BrokenString).map((token) => brokenText({ source, ...spanOf(token) }, token.image));
  return [...strays, ...texts];
}

function brokenText(place: Place, image: string): Diagnostic {
  const escape = /\\[^"\\]/.exec(image);
  if (escape === null || !/[^\\]"$/.test(image)) {
    return diagnostic("N0101", { ...place, end: place.start + 1 }, "the text is not closed", { help: 'a text ends with `"` on the line where it starts' });
  }
  const start = place.start + escape.index;
  return diagnostic("N0101", { ...place, start, end: start + 2 }, `\`${printable(escape[0])}\` means nothing in a text`, { help: 'write `\\\\` for a backslash and `\\"` for a quotation mark' });
}

/** At most 20 characters, those that do not show as their code points. */
function printable(text: string): string {
  return [...text.slice(0, 20)].map((character) => (/[\p{C}\p{Z}]/u.test(character) ? `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}` : character)).join("");
}

function strayHelp(text: string): string | undefined {
  switch (text[0]) {
    case ";":
      return "statements need no separator";
    case "#":
      return "a comment starts with `//`";
    case "'":
    case "`":
      return 'a text stands in double quotes, `"…"`';
    case "&":
      return "write `and`";
    case "|":
      return "write `or`";
    case "!":
      return "write `not`";
    case "%":
      return "a percentage is a number directly followed by `%`";
    default:
      return undefined;
  }
}
