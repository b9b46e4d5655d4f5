/** Syntax errors in the user's words: what was expected here, and what stands here instead. */

import { type IParserErrorMessageProvider, type IToken, type TokenType, EOF, tokenLabel } from "chevrotain";

function found(token: IToken): string {
  return token.tokenType === EOF ? "the end of the file" : `\`${token.image}\``;
}

/** At most this many alternatives are spelled out; beyond, the rule's own name says more. */
const spelledOut = 6;

function oneOf(labels: readonly string[]): string {
  const unique = [...new Set(labels)];
  return unique.length === 1 ? unique[0]! : `${unique.slice(0, -1).join(", ")} or ${unique.at(-1)}`;
}

const rules: Readonly<Record<string, string>> = {
  file: "a definition, such as `norm`, `layer`, `stack`, `model` or `train`",
  definition: "a definition, such as `norm`, `layer`, `stack`, `model` or `train`",
  statement: "a statement: `param`, `state`, `return`, or `name = …`",
  block: "a statement, or `}`",
  stackItem: "a sublayer, `normalize`, `place`, `repeat`, or `name = …`",
  stackBlock: "a sublayer, `normalize`, `place`, `repeat`, or `}`",
  setting: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`",
  train: "a setting, such as `data`, `optimizer`, `schedule`, `batch`, `epochs` or `seed`",
  variant: "what differs: `normalize { … }`, `place …`, or `name = …`",
  variantItem: "what differs: `normalize { … }`, `place …`, or `name = …`",
  primary: "an expression",
  unary: "an expression",
  segment: "a path, such as `first` or `mlp.before`",
};

function expectation(rule: string, paths: readonly (readonly TokenType[])[]): string {
  const labels = [...new Set(paths.map(([first]) => (first === undefined ? "" : tokenLabel(first))))];
  return labels.length <= spelledOut ? oneOf(labels) : (rules[rule] ?? "something else");
}

export const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual, ruleName }) =>
    ruleName in rules && expected.name === "RightBrace"
      ? `expected ${rules[ruleName]}, and found ${found(actual)}`
      : `expected ${tokenLabel(expected)}, and found ${found(actual)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) => `expected ${rules["file"]}, and found ${found(firstRedundant)}`,
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual, ruleName }) =>
    `expected ${rules[ruleName] ?? expectation(ruleName, expectedPathsPerAlt.flat())}, and found ${found(actual[0]!)}`,
  buildEarlyExitMessage: ({ expectedIterationPaths, actual, ruleName }) =>
    `expected ${expectation(ruleName, expectedIterationPaths)}, and found ${found(actual[0]!)}`,
};
