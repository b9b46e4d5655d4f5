/** Mistakes against the grammar as diagnostics: what was expected, what stands there instead, and what would mend it. */

import { type IToken, type TokenType, EOF } from "#chevrotain";
import { type Diagnostic, type DiagnosticDetails, diagnostic } from "../diagnostics/diagnostic.js";
import { similarHelp } from "../diagnostics/similar.js";
import type { SourceFile } from "../diagnostics/source.js";
import { spanOf } from "./read-cst.js";
import { type Mistake, endsOperand, openBrackets } from "./recovery.js";
import * as t from "./tokens.js";

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The diagnostic of a mistake, at the place where something is missing or wrong. */
export function syntaxError(source: SourceFile, mistake: Mistake): Diagnostic {
  const { expected, isStart, found, previous, part, next } = mistake;
  const open = openAt(part, found);
  const isEnd = found.tokenType === EOF;
  if (isEnd && open !== undefined) {
    const suspect = misindented(part, source) ?? open;
    return diagnostic("N0102", { source, ...spanOf(suspect) }, `\`${suspect.image}\` is not closed`, { help: `add \`${closers[suspect.image]}\`` });
  }
  const there = isEnd ? next : found;
  if (previous !== undefined && (there === undefined || (there.startLine !== previous.startLine && !isStart))) {
    // What is missing belongs behind the last token, not in front of whatever the next line starts with.
    const { end } = spanOf(previous);
    return diagnostic("N0102", { source, start: end, end: end + 1 }, `expected ${expected} after ${quoted(previous)}`, related(mistake, open, source));
  }
  const place = { source, ...(there === undefined ? { start: 0, end: 1 } : spanOf(there)) };
  return told(source, mistake, open) ?? diagnostic("N0102", place, `expected ${expected}, and found ${quoted(there)}`, details(mistake, open, source));
}

function quoted(token: IToken | undefined): string {
  if (token === undefined) return "nothing";
  return token.image.length <= 40 ? `\`${token.image}\`` : `\`${token.image.slice(0, 39)}…\``;
}

/** The innermost bracket that is open where a token stands. */
function openAt(part: readonly IToken[], found: IToken): IToken | undefined {
  const at = part.indexOf(found);
  // The end token is in no part; what is open behind the last token is what is open before one more.
  return openBrackets(at < 0 ? [...part, found] : part).at(at)!.at(-1);
}

/** A brace whose closing brace, at the start of a line, stands further left: that one closes something around. */
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

/** Mistakes for which there are better words than what was expected. */
function told(source: SourceFile, mistake: Mistake, open: IToken | undefined): Diagnostic | undefined {
  const { expected, found, previous, after } = mistake;
  if (found.tokenType === t.Comma && previous?.tokenType === t.Comma) {
    return diagnostic("N0102", { source, ...spanOf(found) }, "nothing stands between the two commas");
  }
  // The grammar takes a name before `=` for the start of a statement.
  if (expected === "an expression" && isName(found) && after !== undefined) {
    const help = open?.image === "(" && after.tokenType === t.Equals ? { help: "an argument is named with `:`, as in `eps: 1e-6`" } : {};
    return diagnostic("N0102", { source, ...spanOf(after) }, `${quoted(found)} cannot be followed by ${quoted(after)} here`, help);
  }
  return undefined;
}

function related({ expected }: Mistake, open: IToken | undefined, source: SourceFile): DiagnosticDetails {
  if (open === undefined || !expected.endsWith(`\`${closers[open.image]}\``)) return {};
  return { related: [{ place: { source, ...spanOf(open) }, label: "opened here" }] };
}

function details(mistake: Mistake, open: IToken | undefined, source: SourceFile): DiagnosticDetails {
  const { found } = mistake;
  if (found.image in openers && openers[found.image] !== open?.image && mistake.isStart) return { help: `this ${quoted(found)} closes nothing` };
  const help = advice(mistake) ?? misspelled(mistake);
  // That a block could end here is no news for somebody who wrote a statement that does not belong in it.
  return { ...(mistake.isStart ? {} : related(mistake, open, source)), ...(help !== undefined && { help }) };
}

const openers: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
const comparisons: readonly TokenType[] = [t.Less, t.LessEqual, t.Greater, t.GreaterEqual, t.EqualEqual, t.NotEqual];
const isName = ({ tokenType }: IToken) => tokenType.CATEGORIES!.includes(t.Name);
const isReserved = ({ tokenType }: IToken) => tokenType.CATEGORIES!.includes(t.Word);

function advice({ expected, isStart, found, previous, rule }: Mistake): string | undefined {
  const isEquals = found.tokenType === t.Equals;
  if (isReserved(found) && /a name|an expression/.test(expected)) return `\`${found.image}\` is a reserved word`;
  if (isEquals && previous !== undefined && isReserved(previous)) return `\`${previous.image}\` is a reserved word`;
  if (isEquals && expected === "an expression") return "a setting is given without `=`";
  if (found.tokenType === t.Dot && expected === "an expression") return "a number starts with a digit, as in `0.5`";
  if (found.tokenType === t.EqualEqual && expected.startsWith("`=`")) return "a value is given with `=`; `==` compares";
  if (found.tokenType === t.LeftParenthesis && expected.startsWith("`=`")) return "give the value a name: `name = …`";
  if (isStart && comparisons.includes(found.tokenType)) return "comparisons do not chain; join two of them with `and`";
  if (expected.startsWith("`,`") && endsOperand(found) && !(found.image in openers)) return "separate the items with commas";
  if (isEquals && rule === "axes") return "close the axes with `]` first";
  return undefined;
}

const settings = ["data", "optimizer", "schedule", "batch", "epochs", "steps", "seed", "holdout", "precision", "freeze", "measure"];
const ofStack = ["groups", "normalize", "place", "repeat", "when"];
/** The words that can start something, by the rule that expects it. */
const words: Readonly<Record<string, readonly string[]>> = {
  file: ["use", "norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure", "stack", "model", "train", "ablation"],
  block: ["param", "state", "when", "return", "input", "loss", "report"],
  stackBlock: ofStack,
  train: settings,
  ablation: ["vary", "exclude", "seeds", "report"],
  variant: [...ofStack, ...settings],
};

/** Words like the one that something was meant to start with. */
function misspelled({ rule, isStart, found, previous }: Mistake): string | undefined {
  if (!isStart) return undefined;
  const word = isName(found) ? found : previous;
  return word === undefined ? undefined : similarHelp(word.image, words[rule] ?? []);
}
