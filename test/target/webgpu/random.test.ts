/** Random programs, forward and with gradients, on a WebGPU device against the float64 interpreter. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { interpret } from "../../../src/ir/interpret.js";
import { type Device, portable } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { planOf } from "../../../src/target/webgpu/emit.js";
import { randomProgram } from "../../ir/random-program.js";
import { withGradients } from "../../ir/support.js";
import { runPlan } from "./run.js";

/** What the random programs are planned for: a processor's schedules, and a GPU's, which SwiftShader runs too. */
const devices: Readonly<Record<string, Device>> = {
  "threads of their own": { ...portable, cooperates: false, parallelism: 64 },
  "threads that work together": { ...portable, parallelism: 1024 },
};

/**
 * Values lie within ±4 and are away from ties. Float32 sums of a few products lose some 1e-6 of them; gradients are up to some
 * hundreds of such values, multiplied.
 */
const tolerance = 2e-3;

let device: GPUDevice;
let gpu: GPU;
beforeAll(async () => {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  gpu = create([]);
  device = await (await gpu.requestAdapter())!.requestDevice();
});
afterAll(() => device.destroy());

for (const [name, own] of Object.entries(devices)) {
  test(`agree with the interpreter, with ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(randomProgram(12), async ({ program, environment }) => {
        const both = withGradients(program);
        const expected = interpret(both.entries.get("step")!, environment);
        const { results } = await runPlan(device, planOf(lower(both, own, ["step"]), own), "step", environment);
        for (const [result, { data }] of expected.results) {
          const got = results.get(result)!;
          const scale = Math.max(1, ...data.map(Math.abs));
          data.forEach((value, i) => {
            if (Math.abs(got[i]! - value) > tolerance * scale) expect.fail(`${result}[${i}] is ${got[i]}, not ${value}`);
          });
        }
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) / 2, seed: 20261121 },
    );
  }, 600_000);
}
