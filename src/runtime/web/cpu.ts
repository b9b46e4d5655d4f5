/// <reference lib="dom" />
/** The CPU's threads as the device of a page, through WebAssembly. */

import { createEngine } from "../wasm/engine.js";
import { hasRelaxedSimd } from "../wasm/features.js";
import type { Plan } from "../wasm/plan.js";
import type { Device } from "./device.js";
import { damaged, loadBytes, loadJson } from "./files.js";

/** Kernels are not divided for more. */
export const mostThreads = 16;

/** The bytes of `(module (memory 1 1 shared) (func (result v128) i32.const 0 i32.atomic.load v128.load))`. */
const threadsAndSimd = "0061736d010000000105016000017b030201000504010301010a0e010c004100fe100200fd0004000b";

/** Whether this browser can run the kernels. Some have no WebAssembly, for safety. */
export function runsKernels(): boolean {
  return "WebAssembly" in globalThis && WebAssembly.validate(Uint8Array.from(threadsAndSimd.match(/../g)!, (byte) => parseInt(byte, 16)));
}

/** @param why not the GPU, for people. */
export function cpu(why: string): Device {
  const most = Math.min(mostThreads, navigator.hardwareConcurrency);
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
