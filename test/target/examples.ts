/** The recipes of the examples in small. Studies are made of variants of the others. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { printProgram } from "../../src/ir/print.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/**
 * Smaller models, so that both sides take seconds. AdamW divides by the roots of second moments: with its usual eps it would
 * make steps of full length from rounding errors where gradients are mathematically zero, as that of attention's `b_key` is.
 */
function small(text: string): string {
  return text
    .replace(/^( *batch) \d+$/m, "$1 4")
    .replace(/\bdim = \d+/, "dim = 16")
    .replace("width = 64", "width = 16")
    .replace("decoder_dim = 64", "decoder_dim = 16")
    .replace("window = 48", "window = 12")
    .replaceAll("adamw(", "adamw(eps: 1e-2, ");
}

const host = fileHost(folder);
const readSpec = (path: string) => {
  const text = host.readSpec(path);
  return text === undefined ? undefined : small(text);
};

interface Example {
  readonly file: string;
  readonly name: string;
  readonly compiled: Compiled;
}

const recipes = new Map<string, Example>();
for (const file of readdirSync(folder).filter((name) => name.endsWith(".norm") && !name.startsWith("study-"))) {
  const made = compile(file, small(readFileSync(join(folder, file), "utf8")), { ...host, readSpec });
  if (made.diagnostics.length > 0) throw new Error(made.diagnostics.map(({ message }) => message).join("\n"));
  // Norms and placements have tests of their own: of many variants the first and the last are enough.
  const all = [...made.recipes];
  for (const [name, compiled] of all.length > 2 ? [all[0]!, all.at(-1)!] : all) {
    // Some recipes differ from others in their epochs and measures alone.
    const text = printProgram({ ...compiled.program, name: "" });
    recipes.set(text, { file, name: `${file}#${name}`, compiled });
  }
}

export const examples: readonly Example[] = [...recipes.values()];
