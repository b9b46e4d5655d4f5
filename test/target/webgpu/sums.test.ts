/** Contractions and reductions on a device against the float64 interpreter, in the shapes that take ways of their own. */

import { afterAll, beforeAll } from "vitest";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testCases } from "../cases.js";
import { sumCases } from "../sums.js";
import { runnersOn } from "./run.js";

/** WGSL's exponential is good to 3 + 2|x| units in the last place. */
const softmaxUlps = 200;

describeOnGpu("sums", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    ({ device } = await openDevice({ features: [], limits: {} }));
  });
  afterAll(() => device.destroy());

  testCases(sumCases(softmaxUlps), runnersOn(() => device));
});
