/** Engines on CPU threads, for tests that compare whole runs. */

import { enableRelaxedSimd } from "../../../src/runtime/wasm/node-features.js";
import { createEngine } from "../../../src/runtime/wasm/engine.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { emitWasm } from "../../../src/target/wasm/emit.js";
import { wasmManifest } from "../../../src/target/wasm/manifest.js";
import type { WithEngine } from "../training.js";

enableRelaxedSimd();

/** Both ways in which kernels are printed, on one thread and on several. */
export const engines: Readonly<Record<string, WithEngine>> = {
  "without relaxed SIMD, on one thread": engineOf(false, 1),
  "with relaxed SIMD, on two threads": engineOf(true, 2),
};

export function engineOf(usesRelaxed: boolean, threads: number): WithEngine {
  return async ({ program, manifest }, use) => {
    const { plan, text } = emitWasm(program, { isRelaxed: usesRelaxed });
    const engine = await createEngine({ plan, module: await assemble(text), manifest: wasmManifest(plan, manifest, threads), usesRelaxed }, threads);
    try {
      return await use(engine);
    } finally {
      engine.dispose();
    }
  };
}
