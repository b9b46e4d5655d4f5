/** Trees as tests compare them. */

import { SourceFile } from "../../src/diagnostics/source.js";
import type { File } from "../../src/syntax/ast.js";
import { parse } from "../../src/syntax/parse.js";

const placeFields = new Set(["start", "end", "modulePlace", "comments"]);

/** The tree without places and comments, which differ between two texts that mean the same. */
export function withoutPlaces(tree: File): unknown {
  return JSON.parse(JSON.stringify(tree, (field, value: unknown) => (placeFields.has(field) ? undefined : value)));
}

/** The tree of a text without errors. */
export function read(text: string): File {
  const { file, diagnostics } = parse(new SourceFile("test.norm", text));
  const [first] = diagnostics;
  if (first !== undefined) throw new Error(`${first.place.source.place(first.place.start)}: ${first.message}\n${text}`);
  return file;
}
