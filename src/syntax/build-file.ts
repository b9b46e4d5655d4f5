/** The tree of a file, from whatever of it could be read. */

import { type CstNode, type IToken, tokenMatcher } from "#chevrotain";
import type * as ast from "./ast.js";
import { TreeBuilder, definitionKeywords, identifier } from "./build-ast.js";
import { Reader, spanOf } from "./read-cst.js";
import type { BrokenPart, Reading } from "./recovery.js";
import * as t from "./tokens.js";

/**
 * Builds the tree of a file from what could be read of it. Whatever `isDamaged` says of a span, definitions in parts with
 * mistakes are damaged.
 */
export function buildFile(parts: Reading["parts"], text: string, comments: readonly IToken[], isDamaged: (span: ast.Span) => boolean): ast.File {
  const built = comments.map<ast.Comment>((token) => {
    const value = token.image.trimEnd();
    return { kind: "Comment", value, start: token.startOffset, end: token.startOffset + value.length };
  });
  const builder = new TreeBuilder(text, built);
  const uses: ast.Use[] = [];
  const definitions: ast.Definition[] = [];
  const add = (cst: CstNode, isBroken: boolean) => {
    const file = new Reader(cst);
    uses.push(...file.all("use").map((use) => builder.use(use)));
    for (const node of file.all("definition")) {
      const definition = builder.definition(node);
      definitions.push({ ...definition, damaged: isBroken || isDamaged(definition) });
    }
  };
  for (const part of parts) {
    if (!("tokens" in part)) add(part, false);
    // Of a broken use, the names it would have brought are known, not what they are.
    else if (part.cst !== undefined && part.tokens[0]?.tokenType !== t.Use) add(part.cst, true);
    else definitions.push(...unreadable(part));
  }
  return { kind: "File", uses, definitions, comments: built, start: 0, end: text.length };
}

/** Stands for what a part would define, so that the names it gives are known. */
function unreadable({ tokens }: BrokenPart): ast.Definition[] {
  const [word, second] = tokens;
  const isName = (token: IToken | undefined) => token !== undefined && tokenMatcher(token, t.Name);
  const given =
    word?.tokenType === t.Use
      ? tokens.filter((token, i) => isName(token) && ![t.As, t.Dot, t.LeftBrace].some((type) => tokens[i + 1]?.tokenType === type))
      : tokens.slice(1, isName(second) ? 2 : 1);
  return given.map((token) => ({
    kind: "Definition",
    keyword: definitionKeywords.find((keyword) => keyword === word!.image) ?? "function",
    name: identifier(token),
    value: { kind: "Missing", ...spanOf(token) },
    body: [],
    documentation: "",
    damaged: true,
    start: Math.min(word!.startOffset, token.startOffset),
    end: tokens.at(-1)!.startOffset + tokens.at(-1)!.image.length,
  }));
}
