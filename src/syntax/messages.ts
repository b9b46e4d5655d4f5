/** What the grammar expected where a text left it, in the user's words. */

import { type IParserErrorMessageProvider, type IToken, type TokenType, tokenLabel, tokenMatcher } from "#chevrotain";

/** Where the parser stopped. */
export interface Expectation {
  /** What could stand there: `a name`, or `` `,` or `)` ``. */
  readonly expected: string;
  /** Whether that is the start of something new, such as a statement, and not the rest of something begun. */
  readonly isStart: boolean;
  /** What stands there instead; at the end of the text, the parser's end token. */
  readonly found: IToken;
  /** The grammar's rule that was being read. */
  readonly rule: string;
}

/** At most this many alternatives are spelled out. */
const spelledOut = 6;

/** What could start something new, by the rule of the alternatives, or of the block that could also end here. */
const starts: Readonly<Record<string, string>> = {
  file: "a definition, such as `norm`, `layer`, `stack`, `model` or `train`",
  statement: "a statement: `param`, `state`, `return`, or `name = …`",
  block: "a statement, or `}`",
  stackItem: "a sublayer, `normalize`, `place`, `repeat`, or `name = …`",
  stackBlock: "a sublayer, `normalize`, `place`, `repeat`, `name = …`, or `}`",
  setting: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`",
  train: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`, or `}`",
  ablation: "`vary`, `exclude`, `seeds`, `report`, or `}`",
  variantItem: "what differs: `normalize { … }`, `place …`, or `name = …`",
  variant: "what differs: `normalize { … }`, `place …`, `name = …`, or `}`",
  policy: "a policy `group: norm`, or `}`",
};
const parts: Readonly<Record<string, string>> = {
  primary: "an expression",
  unary: "an expression",
  segment: "a path, such as `first` or `mlp.before`",
};

/** Rules whose closing bracket may also be preceded by one more item. */
const lists = new Set(["use", "parameters", "axes", "groups", "call", "renaming", "vary", "primary"]);

/** The labels of some tokens as an enumeration; undefined if there are none, or too many. */
function oneOf(types: readonly TokenType[]): string | undefined {
  const labels = [...new Set(types.map((type) => tokenLabel(type)))];
  if (labels.length === 0 || labels.length > spelledOut) return undefined;
  return labels.length === 1 ? labels[0] : `${labels.slice(0, -1).join(", ")} or ${labels.at(-1)}`;
}

/**
 * Notes what was expected. The parser's errors hold no more than a text, so the structured form of the first one of a
 * run is kept here; `start` begins a run.
 */
class Expectations implements IParserErrorMessageProvider {
  private noted: Expectation | undefined;

  start(): void {
    this.noted = undefined;
  }

  /** What was expected at the first error since `start`. */
  get first(): Expectation | undefined {
    return this.noted;
  }

  private note(expected: string, found: IToken, rule: string): string {
    this.noted ??= { expected, isStart: expected === starts[rule], found, rule };
    return expected;
  }

  buildMismatchTokenMessage: IParserErrorMessageProvider["buildMismatchTokenMessage"] = ({ expected, actual, ruleName }) => {
    const closes = expected.name.startsWith("Right");
    const label = tokenLabel(expected);
    if (closes && lists.has(ruleName)) return this.note(`\`,\` or ${label}`, actual, ruleName);
    return this.note((closes && starts[ruleName]) || label, actual, ruleName);
  };

  buildNotAllInputParsedMessage: IParserErrorMessageProvider["buildNotAllInputParsedMessage"] = ({ firstRedundant }) =>
    this.note(starts["file"]!, firstRedundant, "file");

  buildNoViableAltMessage: IParserErrorMessageProvider["buildNoViableAltMessage"] = ({ expectedPathsPerAlt, actual, ruleName }) => {
    const paths = expectedPathsPerAlt.flat();
    const [first, second] = actual;
    // Where the first token could stand, it is the one behind it that is wrong.
    const begun = paths.filter(([type, next]) => type !== undefined && next !== undefined && tokenMatcher(first!, type));
    const seconds = oneOf(begun.map(([, next]) => next!));
    if (second !== undefined && seconds !== undefined) return this.note(seconds, second, ruleName);
    return this.note(oneOf(paths.flatMap(([type]) => type ?? [])) ?? starts[ruleName] ?? parts[ruleName] ?? "something else", first!, ruleName);
  };

  buildEarlyExitMessage: IParserErrorMessageProvider["buildEarlyExitMessage"] = ({ expectedIterationPaths, actual, ruleName }) =>
    this.note(oneOf(expectedIterationPaths.flatMap(([type]) => type ?? [])) ?? "something else", actual[0]!, ruleName);
}

export const expectations = new Expectations();
