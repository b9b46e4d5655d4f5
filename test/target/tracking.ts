/** The main example's training on a target beside the same on TensorFlow.js, step by step on the same digits. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { openRun } from "../../src/runtime/start.js";
import { openDevice as openTfjs } from "../../src/runtime/tfjs/devices.js";
import { createEngine as createTfjs } from "../../src/runtime/tfjs/engine.js";
import { importProgram } from "../../src/runtime/tfjs/trainer.js";
import type { Engine, Manifest, NamedTensors } from "../../src/runtime/trainer.js";
import { emitTfjs } from "../../src/target/tfjs/emit.js";
import type { WithEngine } from "./training.js";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const steps = 200;
/** Small batches, since a software adapter computes them. The norm of the class token is a batch norm also over eight. */
const batch = 8;

/**
 * Both round differently, and training multiplies differences: after 200 steps losses of single batches differ in the third digit.
 * At the start they must agree far better, and their means all the way.
 */
const early = { steps: 10, tolerance: 2e-4 };
const mean = { window: 25, tolerance: 0.02 };

export function testTracking(withEngine: WithEngine): void {
  test(`the main example tracks TensorFlow.js over ${steps} steps`, async () => {
    const text = readFileSync(`${examples}mnist-sepnorm.norm`, "utf8").replace("batch 64", `batch ${batch}`).replace(/epochs \d+/, `steps ${steps}`);
    const compiled = compile("main.norm", text, fileHost(examples)).recipes.get("mnist")!;
    const { program, manifest } = compiled;
    const device = await openTfjs("wasm", [examples]);
    const other = createTfjs(device.tf, device.name, await importProgram(await emitTfjs(program, manifest)), manifest);
    const [reference, expected] = await trained(other, manifest);
    other.dispose();
    const [start, losses] = await withEngine(compiled, (engine) => trained(engine, manifest));

    for (const [name, values] of reference) {
      values.forEach((value, i) => {
        if (!(Math.abs(start.get(name)![i]! - value) <= 1e-6)) expect.fail(`${name}[${i}] starts at ${start.get(name)![i]}, not ${value}`);
      });
    }
    losses.slice(0, early.steps).forEach((loss, i) => expect(Math.abs(loss / expected[i]! - 1), `step ${i}`).toBeLessThan(early.tolerance));
    for (let from = 0; from < steps; from += mean.window) {
      const [found, wanted] = [losses, expected].map((own) => own.slice(from, from + mean.window).reduce((sum, loss) => sum + loss, 0) / mean.window);
      expect(Math.abs(found! - wanted!), `mean loss from step ${from}: ${found}, not ${wanted}`).toBeLessThan(mean.tolerance * Math.max(1, wanted!));
    }
    // It has learnt something, so that the two do not agree on standing still.
    expect(losses.slice(-mean.window).reduce((sum, loss) => sum + loss, 0) / mean.window).toBeLessThan(0.7 * losses[0]!);
  }, 600_000);
}

/** The first values, and the losses of all steps from them. */
async function trained(engine: Engine, manifest: Manifest): Promise<readonly [first: NamedTensors, losses: readonly number[]]> {
  await engine.initialise();
  const first = await engine.read();
  const { batches } = await openRun(manifest, { data: [examples] });
  const losses: number[] = [];
  for (const data of batches.training(0, 0)) {
    if (losses.length === steps) break;
    const { finite, loss } = await engine.step(data, losses.length, steps);
    expect(finite).toBe(true);
    losses.push(loss);
  }
  return [first, losses];
}
