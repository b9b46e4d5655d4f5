/** What the number of threads changes: no bit of the results, and the memory as the manifest says. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { emitWasm } from "../../../src/target/wasm/emit.js";
import { wasmManifest } from "../../../src/target/wasm/manifest.js";
import { recipe as drawing } from "../repeat.js";
import { computed, randomBatch } from "../training.js";
import { engineOf } from "./engines.js";

const counts = [1, 2, 3];
const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const example = (file: string, name: string) => compile(file, readFileSync(`${folder}${file}`, "utf8"), fileHost(folder)).recipes.get(name)!;
const main = example("mnist-sepnorm.norm", "mnist");

test.each([
  { title: "the main example", recipe: main },
  { title: "a model that draws", recipe: drawing },
])("$title gives the same bits on any number of threads", async ({ recipe }) => {
  const batches = [0, 1].map((number) => randomBatch(recipe.manifest, number));
  const on = (threads: number) => engineOf(true, threads)(recipe, (engine) => computed(engine, batches));
  const [first, ...others] = counts;
  const expected = await on(first!);
  for (const threads of others) expect(await on(threads), `${threads} threads`).toEqual(expected);
});

test.each([1, 3])("the memory on %d threads is what the manifest says", async (threads) => {
  const { plan } = emitWasm(main.program, { isRelaxed: true });
  const { peakBytes } = wasmManifest(plan, main.manifest, threads).cost;
  const { bytes } = await engineOf(true, threads)(main, async (engine) => engine.memory());
  expect(Math.abs(bytes / peakBytes - 1)).toBeLessThan(0.1);
});
