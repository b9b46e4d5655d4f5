/// <reference lib="dom" />
/** The CPU's threads as the device of a page, through WebAssembly. */

import { createEngine } from "../wasm/engine.js";
import { hasRelaxedSimd } from "../wasm/features.js";
import type { Plan } from "../wasm/plan.js";
import { usualThreads } from "../wasm/pool.js";
import type { Device } from "./device.js";
import { damaged, loadBytes, loadJson } from "./files.js";

/** @param why not the GPU, for people. */
export function cpu(why: string): Device {
  const most = Math.min(usualThreads, navigator.hardwareConcurrency);
  const threads = crossOriginIsolated ? most : 1;
  const unused = threads < most ? ` of ${most}, because the page's server does not isolate it (its README.md says how)` : "";
  return {
    description: `wasm on ${threads} ${threads === 1 ? "thread" : "threads"}${unused}; ${why}`,
    async open(manifest) {
      const usesRelaxed = hasRelaxedSimd();
      const path = usesRelaxed ? "wasm/kernels-relaxed.wasm" : "wasm/kernels.wasm";
      const [plan, module] = await Promise.all([loadJson<Plan>("wasm/plan.json"), loadBytes(path)]);
      if (!WebAssembly.validate(module)) throw damaged(path, "it is not a module of WebAssembly, or one for a newer browser");
      const engine = await createEngine({ manifest, plan, module, usesRelaxed }, threads);
      return { engine, close: () => engine.dispose() };
    },
  };
}
