/** Offsets as editors count: lines and UTF-16 code units from 0. */

import type { Range } from "vscode-languageserver";
import type { SourceFile } from "../diagnostics/source.js";
import type { Span } from "../syntax/ast.js";

export function rangeOf(source: SourceFile, { start, end }: Span): Range {
  const at = (offset: number) => {
    const { line, column } = source.position(offset);
    return { line: line - 1, character: column - 1 };
  };
  return { start: at(start), end: at(end) };
}
