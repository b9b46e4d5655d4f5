/** Attention whose scores are never stored, against the float64 interpreter. */

import { describe } from "vitest";
import { type Device, portable } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { planOf } from "../../../src/target/webgpu/emit.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testAttention, testThatScoresAreNotStored } from "../attention.js";
import { runPlan } from "./run.js";

const devices: Readonly<Record<string, Device>> = {
  "threads of their own": { ...portable, maxBuffers: 10, cooperates: false, parallelism: 64 },
  "threads that work together": { ...portable, maxBuffers: 10, parallelism: 1024 },
  "subgroups": { ...portable, maxBuffers: 10, parallelism: 1024, subgroup: 4 },
};

describeOnGpu("attention without stored scores", () => {
  describe.each(Object.entries(devices))("with %s", (_, own) => {
    testThatScoresAreNotStored(own);
    testAttention(async (program, environment) => {
      const plan = planOf(lower(program, own, ["step"]), own);
      const { device } = await openDevice({ features: plan.features, limits: plan.limits });
      try {
        return await runPlan(device, plan, "step", environment);
      } finally {
        device.destroy();
      }
    });
  });
});
