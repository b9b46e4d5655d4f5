/** Random programs on a WebGPU device. */

import { afterAll, beforeAll } from "vitest";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testRandomPrograms, usualRuns } from "../random.js";
import { runnersOn } from "./run.js";

describeOnGpu("random programs", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    ({ device } = await openDevice({ features: [], limits: {} }));
  });
  afterAll(() => device.destroy());

  testRandomPrograms(runnersOn(() => device), usualRuns / 2);
});
