/** What the grammar expected where a text left it, in the user's words. */

import { type IParserErrorMessageProvider, type IToken, type TokenType, tokenLabel, tokenMatcher } from "chevrotain";

/** Where the parser stopped. */
export interface Expectation {
  /** What could stand there: `a name`, or `` `,` or `)` ``. */
  readonly expected: string;
  /** What stands there instead; at the end of the text, the parser's end token. */
  readonly found: IToken;
  /** The grammar's rule that was being read. */
  readonly rule: string;
}

/** At most this many alternatives are spelled out; beyond, the rule's own description says more. */
const spelledOut = 6;

/** What a rule reads, for the places where any of many things could stand. */
const descriptions: Readonly<Record<string, string>> = {
  file: "a definition, such as `norm`, `layer`, `stack`, `model` or `train`",
  statement: "a statement: `param`, `state`, `return`, or `name = …`",
  block: "a statement, or `}`",
  stackItem: "a sublayer, `normalize`, `place`, `repeat`, or `name = …`",
  stackBlock: "a sublayer, `normalize`, `place`, `repeat`, `name = …`, or `}`",
  setting: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`",
  train: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`, or `}`",
  ablation: "`vary`, `exclude`, `seeds`, `report`, or `}`",
  variant: "what differs: `normalize { … }`, `place …`, `name = …`, or `}`",
  variantItem: "what differs: `normalize { … }`, `place …`, or `name = …`",
  policy: "a policy: `group: norm`, or `}`",
  primary: "an expression",
  unary: "an expression",
  segment: "a path, such as `first` or `mlp.before`",
};

/** Rules whose closing bracket may also be preceded by one more item. */
const lists = new Set(["use", "parameters", "axes", "groups", "call", "renaming", "vary", "primary"]);

function oneOf(labels: readonly string[]): string {
  const unique = [...new Set(labels)];
  return unique.length === 1 ? unique[0]! : `${unique.slice(0, -1).join(", ")} or ${unique.at(-1)}`;
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
    this.noted ??= { expected, found, rule };
    return expected;
  }

  buildMismatchTokenMessage: IParserErrorMessageProvider["buildMismatchTokenMessage"] = ({ expected, actual, ruleName }) => {
    const closes = /^Right/.test(expected.name);
    const label = tokenLabel(expected);
    if (closes && lists.has(ruleName)) return this.note(`\`,\` or ${label}`, actual, ruleName);
    return this.note((closes && descriptions[ruleName]) || label, actual, ruleName);
  };

  buildNotAllInputParsedMessage: IParserErrorMessageProvider["buildNotAllInputParsedMessage"] = ({ firstRedundant }) =>
    this.note(descriptions["file"]!, firstRedundant, "file");

  buildNoViableAltMessage: IParserErrorMessageProvider["buildNoViableAltMessage"] = ({ expectedPathsPerAlt, actual, ruleName }) => {
    const paths = expectedPathsPerAlt.flat();
    const [first, second] = actual;
    // Where the first token could stand, it is the one behind it that is wrong.
    const begun = paths.filter(([type, next]) => type !== undefined && next !== undefined && tokenMatcher(first!, type));
    if (begun.length > 0 && second !== undefined) return this.note(this.alternatives(ruleName, begun.map(([, next]) => next!)), second, ruleName);
    return this.note(descriptions[ruleName] ?? this.alternatives(ruleName, paths.flatMap(([type]) => type ?? [])), first!, ruleName);
  };

  buildEarlyExitMessage: IParserErrorMessageProvider["buildEarlyExitMessage"] = ({ expectedIterationPaths, actual, ruleName }) =>
    this.note(this.alternatives(ruleName, expectedIterationPaths.flatMap(([type]) => type ?? [])), actual[0]!, ruleName);

  private alternatives(rule: string, types: readonly TokenType[]): string {
    const labels = [...new Set(types.map((type) => tokenLabel(type)))];
    return labels.length <= spelledOut ? oneOf(labels) : (descriptions[rule] ?? "something else");
  }
}

export const expectations = new Expectations();
