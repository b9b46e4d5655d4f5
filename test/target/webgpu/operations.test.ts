/** Every operation of the IR on a device against the float64 interpreter, with a processor's schedules and with a GPU's. */

import { afterAll, beforeAll } from "vitest";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { type Bounds, testOperations } from "../operations.js";
import { runnersOn } from "./run.js";

const bounds: Bounds = {
  // WGSL: 3 + 2|x| units in the last place, where |x| is below 4 and below 90.
  exp: { ulps: 11 },
  wideExp: { ulps: 183 },
  // WGSL: 3 units in the last place, or 2^-21 near 1.
  log: { ulps: 3, absolute: 2 ** -21 },
  sqrt: { ulps: 3 },
  rsqrt: { ulps: 3 },
  tanh: { ulps: 4 },
  erf: { ulps: 4 },
  // Ours, whose reduction to a quarter turn loses some 1e-8 of the argument.
  circular: { absolute: 1e-6 },
  div: { ulps: 3 },
  // WGSL: that of exp2(y * log2(x)).
  pow: { ulps: 16 },
  normal: { absolute: 2e-4 },
};

describeOnGpu("operations", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    ({ device } = await openDevice({ features: [], limits: {} }));
  });
  afterAll(() => device.destroy());

  testOperations(bounds, runnersOn(() => device));
});
