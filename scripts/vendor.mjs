/**
 * Puts Chevrotain's own bundle into `dist/vendor/`: as a package it loads lodash in some six hundred files, which takes longer
 * than a small spec takes to compile. `#chevrotain` in package.json names it.
 */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const vendor = new URL("../dist/vendor/", import.meta.url);
const chevrotain = new URL("../../", import.meta.resolve("chevrotain"));
mkdirSync(vendor, { recursive: true });
const bundle = readFileSync(new URL("lib/chevrotain.mjs", chevrotain), "utf8");
writeFileSync(new URL("chevrotain.js", vendor), bundle.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
copyFileSync(new URL("LICENSE.txt", chevrotain), new URL("chevrotain.LICENSE.txt", vendor));
writeFileSync(new URL("chevrotain.d.ts", vendor), 'export * from "chevrotain";\n');
