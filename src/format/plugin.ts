/** The Prettier plugin: `prettier --plugin normlang/prettier`, and fenced `norm` blocks in Markdown. */

import type { Parser, Plugin, Printer, SupportLanguage } from "prettier";
import { SourceFile } from "../diagnostics/source.js";
import type { Node } from "../syntax/ast.js";
import { parse } from "../syntax/parse.js";
import { canonicalLayout, createPrinter } from "./printer.js";

export const languages: SupportLanguage[] = [
  { name: "norm", parsers: ["norm"], extensions: [".norm"], vscodeLanguageIds: ["norm"] },
];

export const parsers: Record<"norm", Parser<Node>> = {
  norm: {
    astFormat: "norm-ast",
    locStart: (node) => node.start,
    locEnd: (node) => node.end,
    parse(text, { filepath }) {
      const { file, diagnostics, source } = parse(new SourceFile(filepath ?? "text.norm", text));
      const [first] = diagnostics;
      if (first === undefined) return file;
      // What recovery made up or left out must never be printed back. Prettier shows the line by `loc`.
      const loc = { start: source.position(first.place.start), end: source.position(first.place.end) };
      throw Object.assign(new SyntaxError(first.message), { loc });
    },
  },
};

export const printers: Record<"norm-ast", Printer<Node>> = { "norm-ast": createPrinter(canonicalLayout) };

export default { languages, parsers, printers } satisfies Plugin<Node>;
