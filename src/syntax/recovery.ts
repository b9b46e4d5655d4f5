/**
 * Reading a text that has mistakes. The parser itself stops at the first one; what follows tells how to go on from there.
 *
 * The text is cut into its top-level parts, so that a mistake in one definition never touches another. Inside a part, the
 * statement with the mistake is left out and the rest is read again, as long as the brackets stay paired: where they do
 * not, whatever follows would be guesswork. Line breaks, which mean nothing in a correct text, say where things start.
 */

import { type CstNode, type IToken, EOF, tokenMatcher } from "#chevrotain";
import { parser } from "./grammar.js";
import { type Expectation, expectations } from "./messages.js";
import * as t from "./tokens.js";

/** Where a part of the text leaves the grammar. */
export interface Mistake extends Expectation {
  /** The tokens around the one that was found. */
  readonly previous: IToken | undefined;
  readonly after: IToken | undefined;
  /** The tokens of the part. */
  readonly part: readonly IToken[];
  /** What follows the part; undefined at the end of the file. */
  readonly next: IToken | undefined;
  /** The offsets of what was left out for it. */
  readonly start: number;
  readonly end: number;
}

/** A top-level part with mistakes, as far as it could be read. */
export interface BrokenPart {
  readonly tokens: readonly IToken[];
  /** The definition without its wrong statements, if that much is left. */
  readonly cst: CstNode | undefined;
}

export interface Reading {
  /** The whole file, or parts of it in the order of the text. */
  readonly parts: readonly (CstNode | BrokenPart)[];
  readonly mistakes: readonly Mistake[];
}

/** So many mistakes are looked for in one definition. */
const mostMistakes = 10;

/** Reads the tokens of a file. */
export function readFile(tokens: readonly IToken[]): Reading {
  const whole = read(tokens);
  if (whole.cst !== undefined) return { parts: [whole.cst], mistakes: [] };
  const parts: (CstNode | BrokenPart)[] = [];
  const mistakes: Mistake[] = [];
  const cut = partsOf(tokens);
  cut.forEach((part, i) => {
    const found = readPart(part, cut[i + 1]?.[0]);
    parts.push(found.part);
    mistakes.push(...found.mistakes);
  });
  return { parts, mistakes };
}

function read(tokens: readonly IToken[]): { cst: CstNode } | { cst: undefined; expectation: Expectation } {
  expectations.start();
  parser.input = [...tokens];
  const cst = parser.file();
  const expectation = expectations.first;
  return expectation === undefined ? { cst } : { cst: undefined, expectation };
}

function readPart(tokens: readonly IToken[], next: IToken | undefined): { part: CstNode | BrokenPart; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  let rest = tokens;
  let last: IToken | undefined;
  for (;;) {
    const reading = read(rest);
    if (reading.cst !== undefined) return { part: mistakes.length === 0 ? reading.cst : { tokens, cst: reading.cst }, mistakes };
    const expectation = withoutBorrowedWord(reading.expectation, rest);
    const at = indexOf(rest, expectation.found);
    const isAgain = expectation.found === last;
    // Where a block does not start, its end would be taken for that of another.
    const wrong = expectation.expected.includes("`{`") ? undefined : wrongStatement(rest, at, isAgain);
    const left = rest.slice(wrong?.from ?? Math.max(0, at - 1), wrong?.to ?? at + 1);
    if (!isAgain) {
      const [start, end] = [left[0]?.startOffset ?? 0, (left.at(-1)?.endOffset ?? 0) + 1];
      mistakes.push({ ...expectation, previous: rest[at - 1], after: rest[at + 1], part: tokens, next, start, end });
    }
    if (wrong === undefined || mistakes.length === mostMistakes) return { part: { tokens, cst: headOf(tokens) }, mistakes };
    rest = [...rest.slice(0, wrong.from), ...rest.slice(wrong.to)];
    last = expectation.found;
  }
}

function indexOf(tokens: readonly IToken[], found: IToken): number {
  return found.tokenType === EOF ? tokens.length : tokens.indexOf(found);
}

/**
 * In `batch` ⏎ `epochs 3` the parser takes `epochs` for the value of `batch`, and stumbles over the 3. The line break tells
 * what was meant.
 */
function withoutBorrowedWord(expectation: Expectation, tokens: readonly IToken[]): Expectation {
  const at = indexOf(tokens, expectation.found);
  const [before, word] = [tokens[at - 2], tokens[at - 1]];
  const isBorrowed =
    expectation.isStart && before !== undefined && word !== undefined && word.startLine !== before.startLine &&
    isOpeningWord(word) && isOpeningWord(before) && word.startLine === expectation.found.startLine;
  return isBorrowed ? { expected: "an expression", isStart: false, found: word, rule: "primary" } : expectation;
}

function isOpeningWord({ tokenType }: IToken): boolean {
  return t.keywordTokens.includes(tokenType) && tokenType.CATEGORIES!.includes(t.Name);
}

const definitionWords = new Set<unknown>([
  t.Use, t.Norm, t.Placement, t.LayerWord, t.FunctionWord, t.Objective, t.Optimizer, t.Schedule, t.Initializer, t.Measure,
  t.Stack, t.Model, t.Train, t.Ablation,
]);
const opens = new Set(["(", "[", "{"]);
const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
const isName = (token: IToken | undefined) => token !== undefined && tokenMatcher(token, t.Name);

/** Cuts the tokens where definitions start: outside of all brackets, or at the left edge of the text. */
function partsOf(tokens: readonly IToken[]): IToken[][] {
  const parts: IToken[][] = [];
  let depth = 0;
  tokens.forEach((token, i) => {
    if (parts.length === 0 || startsPart(token, tokens[i - 1]!, tokens[i + 1], depth)) {
      parts.push([]);
      depth = 0;
    }
    parts.at(-1)!.push(token);
    if (opens.has(token.image)) depth++;
    else if (token.image in closes) depth = Math.max(0, depth - 1);
  });
  return parts;
}

function startsPart(token: IToken, previous: IToken, next: IToken | undefined, depth: number): boolean {
  const isAtEdge = token.startColumn === 1;
  const isDefinitionWord = definitionWords.has(token.tokenType);
  const isNamed = isName(next) || (token.tokenType === t.Use && next?.tokenType === t.StringLiteral);
  // A line that starts with a name and another is perhaps a definition whose word is misspelled.
  if (isAtEdge && isNamed) return isDefinitionWord || isName(token);
  const startsLine = token.startLine !== previous.startLine;
  return depth === 0 && isDefinitionWord && endsOperand(previous) && (isNamed || startsLine);
}

/** Whether an expression may end with the token, so that something else can start behind it. */
export function endsOperand(token: IToken): boolean {
  return isName(token) || token.image in closes || [t.NumberLiteral, t.Percentage, t.StringLiteral, t.True, t.False, t.None].some((type) => tokenMatcher(token, type));
}

/** The brackets that are open before each token, the innermost last. */
export function openBrackets(tokens: readonly IToken[]): readonly (readonly IToken[])[] {
  let open: readonly IToken[] = [];
  return tokens.map((token) => {
    const before = open;
    if (opens.has(token.image)) open = [...open, token];
    else if (token.image in closes) open = open.slice(0, -1);
    return before;
  });
}

/**
 * The statement to leave out for a mistake that showed at a token: that token's, or, where the token starts a line, the one
 * before, which was left unfinished. Undefined when no statement can be told, or the rest would lose a bracket.
 */
function wrongStatement(tokens: readonly IToken[], at: number, isAgain: boolean): { from: number; to: number } | undefined {
  if (at >= tokens.length) return undefined;
  const open = openBrackets(tokens);
  const starts = (i: number) => i > 0 && tokens[i]!.startLine !== tokens[i - 1]!.startLine && open[i]!.at(-1)?.image === "{";
  let from = starts(at) && !isAgain ? at - 1 : at;
  while (from > 0 && !starts(from)) from--;
  if (from === 0) return undefined;
  let to = Math.max(from + 1, starts(at) && !isAgain ? at : at + 1);
  while (to < tokens.length && !(starts(to) && open[to]!.length <= open[from]!.length)) to++;
  return isBalanced(tokens.slice(from, to)) ? { from, to } : undefined;
}

function isBalanced(tokens: readonly IToken[]): boolean {
  const open: string[] = [];
  for (const { image } of tokens) {
    if (opens.has(image)) open.push(image);
    else if (image in closes && open.pop() !== closes[image]) return false;
  }
  return open.length === 0;
}

/** The definition with an empty body in place of the one that could not be read: its parameters are known at least. */
function headOf(tokens: readonly IToken[]): CstNode | undefined {
  const brace = tokens.findIndex(({ image }) => image === "{");
  if (brace < 0) return undefined;
  const last = tokens.at(-1)!;
  const end: IToken = { ...last, image: "}", tokenType: t.RightBrace, tokenTypeIdx: t.RightBrace.tokenTypeIdx! };
  return read([...tokens.slice(0, brace + 1), end]).cst;
}
