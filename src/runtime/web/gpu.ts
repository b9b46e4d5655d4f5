/** The GPU as the device of a page, through WebGPU. */

import { type AdapterDescription, openDevice } from "../webgpu/adapter.js";
import { summarize } from "../webgpu/description.js";
import { createEngine } from "../webgpu/engine.js";
import type { Plan } from "../webgpu/plan.js";
import type { Device } from "./device.js";
import { loadJson } from "./files.js";

export function gpu(adapter: AdapterDescription): Device {
  return {
    description: summarize(adapter),
    async open(manifest, onProgress) {
      const plan = await loadJson<Plan>("plan.json");
      const open = await openDevice(plan);
      try {
        const engine = await createEngine(open, plan, manifest, onProgress);
        const close = () => {
          engine.dispose();
          open.device.destroy();
        };
        return { engine, close };
      } catch (error) {
        open.device.destroy();
        throw error;
      }
    },
  };
}
