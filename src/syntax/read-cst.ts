/** Access to the parser's concrete tree, which holds the children of a node by the names of their rules and tokens. */

import type { CstElement, CstNode, IToken } from "#chevrotain";
import type { Span } from "./ast.js";

export class Reader {
  constructor(private readonly node: CstNode) {}

  get rule(): string {
    return this.node.name;
  }

  get span(): Span {
    // Only the rule of the file can read nothing, and nobody asks for its place.
    const { startOffset, endOffset } = this.node.location!;
    return { start: startOffset, end: endOffset! + 1 };
  }

  /** The children that some rules made, in the order of the text. */
  all(...rules: string[]): Reader[] {
    const found = rules.flatMap((rule) => this.node.children[rule] ?? []);
    return (rules.length === 1 ? found : inOrder(found)).map((child) => new Reader(child as CstNode));
  }

  /** The first child that one of the rules made, if there is one. */
  optional(...rules: string[]): Reader | undefined {
    for (const rule of rules) {
      const child = this.node.children[rule]?.[0];
      if (child !== undefined) return new Reader(child as CstNode);
    }
    return undefined;
  }

  /** The child that one of the rules made, which the grammar says is there. */
  one(...rules: string[]): Reader {
    const found = this.optional(...rules);
    if (found === undefined) throw new Error(`The rule ${this.rule} read no ${rules.join(" or ")}.`);
    return found;
  }

  /** The child, where there is but one and a rule made it. */
  get only(): Reader | undefined {
    let only: CstElement | undefined;
    for (const name in this.node.children) {
      const [child, second] = this.node.children[name]!;
      if (only !== undefined || second !== undefined) return undefined;
      only = child;
    }
    return only === undefined || "image" in only ? undefined : new Reader(only);
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
    const groups = Object.values(this.node.children);
    return (groups.length === 1 ? groups[0]! : inOrder(groups.flat())).map((child) => ("image" in child ? child : new Reader(child)));
  }
}

function inOrder(children: readonly CstElement[]): readonly CstElement[] {
  const start = (element: CstElement) => ("image" in element ? element.startOffset : element.location!.startOffset);
  return children.length < 2 ? children : [...children].sort((a, b) => start(a) - start(b));
}

export function spanOf(token: IToken): Span {
  return { start: token.startOffset, end: token.startOffset + token.image.length };
}
