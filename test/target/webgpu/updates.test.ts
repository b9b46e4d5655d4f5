/** Updates of slots on a device. */

import { afterAll, beforeAll, describe } from "vitest";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testUpdates } from "../updates.js";
import { runnersOn } from "./run.js";

describeOnGpu("updates", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    ({ device } = await openDevice({ features: [], limits: {} }));
  });
  afterAll(() => device.destroy());

  describe.each(Object.entries(runnersOn(() => device)))("%s", (_, run) => testUpdates(run));
});
