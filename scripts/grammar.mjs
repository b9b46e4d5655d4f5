/**
 * Writes `grammar/` from the parser: `npm run build && npm run grammar`. With `--check` it writes nothing, and exits with 1 if a
 * file is stale.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { definitionKeywords } from "../dist/syntax/build-ast.js";
import { parser } from "../dist/syntax/grammar.js";
import { tokens } from "../dist/syntax/tokens.js";
import { grammarFiles } from "./grammar/index.mjs";

const folder = new URL("../grammar/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(grammarFiles({ parser, tokens, definitionKeywords }))) {
  const file = fileURLToPath(new URL(name, folder));
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (process.argv.includes("--check")) {
    console.error(`grammar/${name} is stale; run: npm run grammar`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`grammar/${name} written`);
  }
}
