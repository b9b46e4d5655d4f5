/** Every recipe of the examples in small: first values, three steps and an evaluation, as the float64 interpreter has them. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Compiled, compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { printProgram } from "../../../src/ir/print.js";
import type { Device } from "../../../src/kernel/device.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { schedules } from "./schedules.js";
import { type Course, computed, differences, interpreted, randomBatch, tooLarge, withEngine } from "./training.js";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".norm"));

/**
 * Smaller models, so that both sides take seconds. AdamW divides by the roots of second moments: with its usual eps it would
 * make steps of full length from rounding errors where gradients are mathematically zero, as that of attention's `b_key` is.
 */
function small(text: string): string {
  return text
    .replace(/^( *batch) \d+$/m, "$1 4")
    .replace(/\bdim = \d+/, "dim = 16")
    .replace("width = 64", "width = 16")
    .replace("window = 48", "window = 12")
    .replaceAll("adamw(", "adamw(eps: 1e-2, ");
}

/**
 * First values are drawn: logarithms near 1 and cosines are good to some 1e-7. Sums in float32 lose some 1e-6 of gradients, and
 * three steps hand it on; statistics over four examples whose class tokens are nearly equal make most of it, since the
 * differences that they divide by are small.
 */
const tolerance = { ofFirst: 1e-5, later: 1e-3 };

/** Compiled for a GPU too, which takes SwiftShader three times as long. */
const onBoth = "mnist-sepnorm.norm";

const host = fileHost(folder);
const readSpec = (path: string) => {
  const text = host.readSpec(path);
  return text === undefined ? undefined : small(text);
};
const recipes = new Map<string, { readonly file: string; readonly name: string; readonly compiled: Compiled }>();
for (const file of files) {
  const made = compile(file, small(readFileSync(join(folder, file), "utf8")), { ...host, readSpec });
  if (made.diagnostics.length > 0) throw new Error(made.diagnostics.map(({ message }) => message).join("\n"));
  for (const [name, compiled] of made.recipes) {
    // Some recipes differ from others in their epochs and measures alone.
    const text = printProgram({ ...compiled.program, name: "" });
    recipes.set(text, { file, name: `${file}#${name}`, compiled });
  }
}

describeOnGpu("examples", () => {
  describe.each([...recipes.values()])("$name", ({ file, compiled }) => {
    const batches = [0, 1, 2].map((number) => randomBatch(compiled.manifest, number));
    let expected: Course;
    beforeAll(() => {
      expected = interpreted(compiled, batches);
    }, 60_000);

    const [[own, ownSchedule], ...others] = Object.entries(schedules) as [[string, Device], ...[string, Device][]];
    test.each([[own, ownSchedule], ...(file === onBoth ? others : [])] as const)("with %s", { timeout: 120_000 }, async (_, schedule) => {
      const found = await withEngine(compiled, schedule, (engine) => computed(engine, batches, expected.first));
      expect(tooLarge(differences(compiled.program, found, expected), tolerance)).toEqual([]);
    });
  });
});
