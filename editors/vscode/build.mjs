/** Bundles the extension, and takes the grammar from the repository: with one more, it also colours fences of Norm in Markdown. */

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { markdownGrammar } from "./markdown-grammar.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(here("dist"), { recursive: true, force: true });
mkdirSync(here("syntaxes"), { recursive: true });
copyFileSync(here("../../grammar/norm.tmLanguage.json"), here("syntaxes/norm.tmLanguage.json"));
copyFileSync(here("../../LICENSE"), here("LICENSE"));
writeFileSync(here("syntaxes/markdown.tmLanguage.json"), `${JSON.stringify(markdownGrammar, undefined, 2)}\n`);
await build({
  entryPoints: [here("src/extension.ts")],
  outfile: here("dist/extension.cjs"),
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  logLevel: "warning",
});
