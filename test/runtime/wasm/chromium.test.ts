/** The engine in pages: one that may share memory with its threads, and one that may not. */

import { expect, test } from "vitest";
import { softwareGpuExists } from "../../../scripts/swiftshader.mjs";
import type { StepResult } from "../../../src/runtime/trainer.js";
import { createEngine } from "../../../src/runtime/wasm/engine.js";
import { openPage } from "../webgpu/browser.js";
import { tinyBatch, tinyManifest, tinyModule, tinyPlan } from "./tiny.js";

const steps = 5;

/** What is run in the page, as text: what stands in a function here would be rewritten for Node. */
const inPage = (trainer: unknown, module: Uint8Array, threads: number) => `(async () => {
  const { createEngine } = await import("/src/runtime/wasm/engine.js");
  const engine = await createEngine({ ...${JSON.stringify(trainer)}, module: Uint8Array.from([${module.join()}]) }, ${threads});
  await engine.initialise();
  const results = [];
  const target = Float32Array.from({ length: ${tinyManifest.cost.parameters} }, (_, i) => i % 5);
  for (let step = 0; step < ${steps}; step++) results.push(await engine.step({ inputs: new Map([["target", target]]), valid: 1 }, step, ${steps}));
  engine.dispose();
  return [crossOriginIsolated, results];
})()`;

test.skipIf(!softwareGpuExists)("the engine trains in a page in Chromium as it does in Node", { timeout: 60_000 }, async () => {
  const module = await tinyModule();
  const trainer = { manifest: tinyManifest, plan: tinyPlan, usesRelaxed: false };
  const engine = await createEngine({ ...trainer, module }, 2);
  await engine.initialise();
  const expected: StepResult[] = [];
  for (let step = 0; step < steps; step++) expected.push(await engine.step(tinyBatch((i) => i % 5), step, steps)); // prettier-ignore
  engine.dispose();

  const { page, errors, close } = await openPage();
  try {
    expect(await page.evaluate(inPage(trainer, module, 1))).toEqual([false, expected]);
    await expect(page.evaluate(inPage(trainer, module, 2))).rejects.toThrow("this page may not share memory with its threads, because it is not cross-origin isolated: compute on one thread");
    await page.route("**", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" } });
    });
    await page.reload();
    expect(await page.evaluate(inPage(trainer, module, 2))).toEqual([true, expected]);
    expect(errors).toEqual([]);
  } finally {
    await close();
  }
});
