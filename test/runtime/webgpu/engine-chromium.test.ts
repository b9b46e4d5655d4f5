import { expect, test } from "vitest";
import { softwareGpuExists } from "../../../scripts/swiftshader.mjs";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { createEngine } from "../../../src/runtime/webgpu/engine.js";
import type { StepResult } from "../../../src/runtime/trainer.js";
import { openPage } from "./browser.js";
import { onHardware } from "./on-gpu.js";
import { regressionBatch, regressionManifest, regressionPlan } from "./regression.js";

const steps = 40;

/** Runs in the page, so that it is text: what stands in a function here would be rewritten for Node. */
const inPage = `(async () => {
  const { openDevice } = await import("/src/runtime/webgpu/adapter.js");
  const { createEngine } = await import("/src/runtime/webgpu/engine.js");
  const { regressionBatch, regressionManifest, regressionPlan } = await import("/test/runtime/webgpu/regression.js");
  const open = await openDevice(regressionPlan());
  const engine = await createEngine(open, regressionPlan(), regressionManifest);
  await engine.initialise();
  const under = [], results = [];
  for (let step = 0; step < ${steps}; step++) {
    under.push(engine.step(regressionBatch(step), step, ${steps}));
    if (under.length > engine.ahead) results.push(await under.shift());
  }
  results.push(...(await Promise.all(under)));
  const weight = [...(await engine.read()).get("weight")];
  open.device.destroy();
  const after = await engine.read().catch((error) => error.message);
  return [results, weight, after];
})()`;

test.skipIf(!softwareGpuExists || onHardware)("the engine trains in a page in Chromium as it does in Node", { timeout: 60_000 }, async () => {
  const { page, errors, close } = await openPage();
  try {
    const [results, weight, after] = await page.evaluate<[StepResult[], number[], string]>(inPage);
    const open = await openDevice(regressionPlan());
    const engine = await createEngine(open, regressionPlan(), regressionManifest);
    await engine.initialise();
    for (let step = 0; step < steps; step++) expect(await engine.step(regressionBatch(step), step, steps)).toEqual(results[step]);
    expect([...(await engine.read()).get("weight")!]).toEqual(weight);
    expect(after).toBe("the GPU was lost: it was closed. The last checkpoint is intact: go on from it");
    expect(errors).toEqual([]);
    open.device.destroy();
  } finally {
    await close();
  }
});
