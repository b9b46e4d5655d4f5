/** Text to tree: lexing, parsing with recovery, and the syntax errors, one for each mistake. */

import { EOF, type IRecognitionException, type IToken } from "chevrotain";
import { type Diagnostic, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import type { SourceFile } from "../diagnostics/source.js";
import type { File, Span } from "./ast.js";
import { buildFile } from "./build-ast.js";
import { parser } from "./grammar.js";
import { keywordTokens, lexer } from "./tokens.js";

/** Texts beyond this many UTF-16 units are refused: they are no specs, and untrusted ones must not hold us up. */
export const longestText = 1_000_000;
/** Brackets nested deeper than this are refused, so that no text can exhaust the stack. */
export const deepestNesting = 200;

export interface Parsed {
  readonly source: SourceFile;
  readonly file: File;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a file. Never throws: what cannot be read is reported, and the tree holds the rest. */
export function parse(source: SourceFile): Parsed {
  const empty = (found: Diagnostic): Parsed => ({
    source,
    file: { kind: "File", uses: [], definitions: [], comments: [], start: 0, end: source.text.length },
    diagnostics: [found],
  });
  if (source.text.length > longestText) {
    return empty(diagnostic("N0103", { source, start: 0, end: 1 }, `the file has ${source.text.length} characters; at most ${longestText} are read`));
  }
  const lexed = lexer.tokenize(source.text);
  const deep = tooDeep(lexed.tokens);
  if (deep !== undefined) {
    const place = { source, start: deep.startOffset, end: deep.startOffset + 1 };
    return empty(diagnostic("N0103", place, `brackets are nested deeper than ${deepestNesting}`));
  }
  parser.input = lexed.tokens;
  const cst = parser.file();

  const unreadable = lexed.errors.map(({ offset, length }) => {
    const text = source.text.slice(offset, offset + length);
    const help = text.startsWith('"') ? "a text ends with `\"` on the line where it starts" : undefined;
    return diagnostic("N0101", { source, start: offset, end: offset + length }, `\`${text.slice(0, 20)}\` is no part of the language`, help === undefined ? {} : { help });
  });
  const wrong = oncePerMistake(source, parser.errors.map((error) => syntaxError(source, error)));
  const diagnostics = [...unreadable, ...wrong];
  const broken = [...unreadable, ...parser.errors.map((error) => syntaxError(source, error))];
  // Whatever follows an error inside a definition may have been skipped, so the whole definition counts as damaged.
  const damaged = (span: Span) => broken.some(({ place }) => place.start >= span.start && place.start <= span.end + 1);
  return { source, file: buildFile(cst, source.text, lexed.groups["comments"] ?? [], damaged), diagnostics };
}

function tooDeep(tokens: readonly IToken[]): IToken | undefined {
  let depth = 0;
  for (const token of tokens) {
    if (token.image === "(" || token.image === "[" || token.image === "{") depth++;
    else if (token.image === ")" || token.image === "]" || token.image === "}") depth--;
    // Chains of prefix operators nest as well, one level of the parser each.
    if (depth > deepestNesting) return token;
  }
  let chain = 0;
  for (const token of tokens) {
    chain = token.image === "-" || token.image === "^" || token.image === "not" ? chain + 1 : token.image === "," || token.image === "=" ? 0 : chain;
    if (chain > 5 * deepestNesting) return token;
  }
  return undefined;
}

function syntaxError(source: SourceFile, error: IRecognitionException): Diagnostic {
  const { token } = error;
  const previous = (error as IRecognitionException & { previousToken?: IToken }).previousToken;
  // At the end of the file there is no token to point at: the end of the last one is where something is missing.
  const end = previous?.endOffset === undefined || Number.isNaN(previous.endOffset) ? source.text.trimEnd().length : previous.endOffset + 1;
  const place =
    token.tokenType === EOF ? { source, start: end, end: end + 1 } : { source, start: token.startOffset, end: token.startOffset + token.image.length };
  const atDefinition = error.context.ruleStack.at(-1) === "file" || error.context.ruleStack.at(-1) === "definition";
  const similar = atDefinition ? similarHelp(token.image, keywordTokens.map((keyword) => keyword.PATTERN as string)) : undefined;
  return diagnostic("N0102", place, error.message, similar === undefined ? {} : { help: similar });
}

/** Recovery can stumble over the same mistake again: of errors closer than two lines, the first one is told. */
function oncePerMistake(source: SourceFile, errors: readonly Diagnostic[]): Diagnostic[] {
  const told: Diagnostic[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const error of [...errors].sort((a, b) => a.place.start - b.place.start)) {
    const { line } = source.position(error.place.start);
    if (line - last > 1) told.push(error);
    last = line;
  }
  return told;
}
