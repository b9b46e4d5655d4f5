import type { CstParser, Rule, TokenType } from "chevrotain";

interface Syntax {
  readonly parser: CstParser;
  readonly tokens: readonly TokenType[];
  /** The words that start a definition. */
  readonly definitionKeywords: readonly string[];
}
/** The text of every file of `grammar/`, by its name. */
export function grammarFiles(syntax: Syntax): Record<"norm.ebnf" | "diagrams.html" | "norm.tmLanguage.json", string>;
/** One rule on one line. */
export function production(rule: Rule): string;
