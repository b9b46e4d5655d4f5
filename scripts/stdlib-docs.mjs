#!/usr/bin/env node
/**
 * Writes docs/stdlib.md, the pages of the standard library, from its documentation comments: `npm run build` first, then
 * `node scripts/stdlib-docs.mjs`, or `-- --check` to fail when the page is not what would be written.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stdlibPage } from "./stdlib/page.mjs";

const page = fileURLToPath(new URL("../docs/stdlib.md", import.meta.url));
const [{ Modules, preludeModules, standardModules }, { readLibrary }] = await Promise.all([
  import("../dist/semantics/modules.js"),
  import("../dist/compiler/host.js"),
]);
const text = stdlibPage({ Modules, preludeModules, standardModules, readLibrary });

if (process.argv.includes("--check")) {
  if (readFileSync(page, "utf8") !== text) {
    console.error("docs/stdlib.md is not what the standard library says: run `node scripts/stdlib-docs.mjs`");
    process.exitCode = 1;
  }
} else writeFileSync(page, text);
