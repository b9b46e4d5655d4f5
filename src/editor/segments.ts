/** The segments of a path with their places. */

import type { Module } from "../semantics/modules.js";
import type * as ast from "../syntax/ast.js";
import { lexer } from "../syntax/tokens.js";

export interface Segment extends ast.Span {
  readonly name: string;
}

/** The segments of `encoder.normalize.cls`; in `1.2.mlp` the lexer sees the number 1.2, which is two. */
export function pathSegments({ source }: Module, { start, end }: ast.Path): readonly Segment[] {
  return lexer.tokenize(source.text.slice(start, end)).tokens.filter(({ image }) => image !== ".").flatMap((token) => {
    let at = start + token.startOffset;
    return token.image.split(".").map((name) => {
      const segment = { name, start: at, end: at + name.length };
      at = segment.end + 1;
      return segment;
    });
  });
}
