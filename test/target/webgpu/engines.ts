/** Engines on a GPU, for tests that compare whole runs. */

import type { Device } from "../../../src/kernel/device.js";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { createEngine } from "../../../src/runtime/webgpu/engine.js";
import { emitWebgpu } from "../../../src/target/webgpu/emit.js";
import { webgpuManifest } from "../../../src/target/webgpu/manifest.js";
import type { WithEngine } from "../training.js";
import { schedules } from "./schedules.js";

/** By each of the schedules. */
export const engines: Readonly<Record<string, WithEngine>> = Object.fromEntries(Object.entries(schedules).map(([name, schedule]) => [`with ${name}`, engineOf(schedule)]));

/** Those of them that SwiftShader compiles fastest. */
export const fastest = Object.fromEntries(Object.entries(engines).slice(0, 1));

export function engineOf(schedule: Device): WithEngine {
  return async ({ program, manifest }, use) => {
    const plan = emitWebgpu(program, schedule);
    const open = await openDevice(plan);
    try {
      const engine = await createEngine(open, plan, webgpuManifest(plan, manifest));
      try {
        return await use(engine);
      } finally {
        engine.dispose();
      }
    } finally {
      open.device.destroy();
    }
  };
}
