/** The examples as programs, small enough for interpreters. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { printProgram } from "../../src/ir/print.js";
import type { Program } from "../../src/ir/program.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/** As they stand in the examples. */
export const asWritten = (text: string): string => text;

/** Batches of 2, and models of 16 features. */
export function small(text: string): string {
  return text.replace(/^( *batch) \d+$/m, "$1 2").replace(/\b(dim|decoder_dim|width) = \d+/g, "$1 = 16");
}

/**
 * Recipes of the examples, `file#recipe`, their texts changed by `change`: of each file the first and the last, and those that are one
 * program once. Studies are variants of the others.
 */
export function examplePrograms(change: (text: string) => string): readonly (readonly [name: string, program: Program])[] {
  const host = fileHost(folder);
  const read = (path: string) => {
    const text = host.readSpec(path);
    return text === undefined ? undefined : change(text);
  };
  const found = new Map<string, readonly [string, Program]>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".norm") && !file.startsWith("study-"))) {
    const { recipes } = compile(name, change(readFileSync(join(folder, name), "utf8")), { ...host, readSpec: read });
    const all = [...recipes];
    for (const [recipe, { program }] of all.length > 2 ? [all[0]!, all.at(-1)!] : all) found.set(printProgram({ ...program, name: "" }), [`${name}#${recipe}`, program]);
  }
  return [...found.values()];
}
