/** Formatting as the command line and other tools use it. */

import { format } from "prettier/standalone";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { renderDiagnostic } from "../diagnostics/render.js";
import { SourceFile } from "../diagnostics/source.js";
import type { File, Node } from "../syntax/ast.js";
import { parse } from "../syntax/parse.js";
import plugin, { parsers, printers } from "./plugin.js";

/** A text with syntax errors, which is not formatted. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((found) => renderDiagnostic(found)).join("\n\n"));
  }
}

/**
 * The text in the canonical format, with line feeds and without a byte order mark.
 *
 * @throws {FormatError} when the text has syntax errors.
 */
export async function formatText(text: string, path = "text.norm"): Promise<string> {
  const { diagnostics } = parse(new SourceFile(path, text));
  if (diagnostics.length > 0) throw new FormatError(diagnostics);
  return format(text.replace(/^\uFEFF/, ""), { filepath: path, parser: "norm", plugins: [plugin], endOfLine: "lf" });
}

/**
 * The canonical text of a tree that was made, not read, such as one cell of an ablation. Documentation is printed; other
 * comments have no place in a tree. The tree must be whole: what a parser left out cannot be printed.
 */
export async function formatTree(file: File): Promise<string> {
  const tree = structuredClone({ ...file, comments: [] });
  for (const definition of tree.definitions) {
    if (definition.documentation === "") continue;
    const comments = definition.documentation.split("\n").map((line) => ({ kind: "Comment", value: `/// ${line}`.trimEnd(), leading: true, start: 0, end: 0 }));
    Object.assign(definition, { comments });
  }
  const parser = { ...parsers.norm, parse: (): Node => tree };
  // Prettier calls no parser for an empty text, and takes blank lines from it: this one has none.
  return format("-", { parser: "norm", plugins: [{ parsers: { norm: parser }, printers }], endOfLine: "lf" });
}
