/** Access to the parser's concrete tree, which holds the children of a node by the names of their rules and tokens. */

import type { CstElement, CstNode, IToken } from "chevrotain";
import type { Span } from "./ast.js";

export class Reader {
  readonly span: Span;

  constructor(private readonly node: CstNode) {
    // A rule that read nothing, as the file rule does for an empty text, has no place.
    const { startOffset = 0, endOffset = -1 } = node.location ?? {};
    this.span = Number.isNaN(startOffset) ? { start: 0, end: 0 } : { start: startOffset, end: endOffset + 1 };
  }

  get rule(): string {
    return this.node.name;
  }

  /** The children that some rules made, in the order of the text. */
  all(...rules: string[]): Reader[] {
    const found = rules.flatMap((rule) => (this.node.children[rule] ?? []) as CstNode[]).map((node) => new Reader(node));
    return rules.length === 1 ? found : found.sort((a, b) => a.span.start - b.span.start);
  }

  /** The first child that one of the rules made, if there is one. */
  optional(...rules: string[]): Reader | undefined {
    return this.all(...rules)[0];
  }

  /** The child that one of the rules made, which the grammar says is there. */
  one(...rules: string[]): Reader {
    const found = this.optional(...rules);
    if (found === undefined) throw new Error(`The rule ${this.rule} read no ${rules.join(" or ")}.`);
    return found;
  }

  tokens(name: string): IToken[] {
    return (this.node.children[name] ?? []) as IToken[];
  }

  token(name: string): IToken | undefined {
    return this.tokens(name)[0];
  }

  /** The first of some keywords that is there. */
  keyword<Word extends string>(words: readonly Word[]): Word | undefined {
    return words.find((word) => this.token(`Keyword_${word}`) !== undefined);
  }

  /** Every child in the order of the text. */
  ordered(): (Reader | IToken)[] {
    return Object.values(this.node.children)
      .flat()
      .sort((a, b) => startOf(a) - startOf(b))
      .map((child) => ("image" in child ? child : new Reader(child)));
  }
}

function startOf(element: CstElement): number {
  return "image" in element ? element.startOffset : (element.location?.startOffset ?? 0);
}

export function spanOf(token: IToken): Span {
  return { start: token.startOffset, end: token.startOffset + token.image.length };
}
