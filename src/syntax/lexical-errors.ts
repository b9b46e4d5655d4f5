/** The diagnostics of characters and texts that are no part of the language. */

import type { ILexingError, IToken } from "#chevrotain";
import { type Diagnostic, type Place, diagnostic } from "../diagnostics/diagnostic.js";
import type { SourceFile } from "../diagnostics/source.js";
import { spanOf } from "./read-cst.js";
import { BrokenString } from "./tokens.js";

/** The diagnostics of what the lexer could not read. */
export function lexicalErrors(source: SourceFile, errors: readonly ILexingError[], tokens: readonly IToken[]): Diagnostic[] {
  const strays = errors.filter((error, i) => !isSecondOfPair(error, errors[i - 1], source.text)).map((error) => stray(source, error));
  const texts = tokens.filter(({ tokenType }) => tokenType === BrokenString).map((token) => brokenText({ source, ...spanOf(token) }, token.image));
  return [...strays, ...texts];
}

/** Quotes of the wrong sort come in pairs, and are one mistake. */
function isSecondOfPair(error: ILexingError, previous: ILexingError | undefined, text: string): boolean {
  return previous !== undefined && previous.line === error.line && text[previous.offset] === text[error.offset];
}

function stray(source: SourceFile, { offset, length }: ILexingError): Diagnostic {
  const text = source.text.slice(offset, offset + length);
  const help = helps[text[0]!];
  return diagnostic("N0101", { source, start: offset, end: offset + length }, `\`${printable(text)}\` is no part of the language`, help === undefined ? {} : { help });
}

const quotes = 'a text stands in double quotes, `"…"`';
const helps: Readonly<Record<string, string>> = {
  ";": "statements need no separator",
  "#": "a comment starts with `//`",
  "'": quotes,
  "`": quotes,
  "“": quotes,
  "&": "write `and`",
  "|": "write `or`",
  "!": "write `not`",
  "%": "a percentage is a number directly followed by `%`",
};

function brokenText(place: Place, image: string): Diagnostic {
  const escape = /\\[^"\\]/.exec(image);
  if (escape === null || !/[^\\]"$/.test(image)) {
    return diagnostic("N0101", { ...place, end: place.start + 1 }, "the text is not closed", { help: 'a text ends with `"` on the line where it starts' });
  }
  const start = place.start + escape.index;
  const help = 'write `\\\\` for a backslash and `\\"` for a quotation mark';
  return diagnostic("N0101", { ...place, start, end: start + 2 }, `\`${printable(escape[0])}\` means nothing in a text`, { help });
}

/** At most 20 characters, those that do not show as their code points. */
function printable(text: string): string {
  const shown = Array.from(text.slice(0, 20), (character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return /[\p{C}\p{Z}]/u.test(character) ? `U+${code}` : character;
  });
  return shown.join("");
}
