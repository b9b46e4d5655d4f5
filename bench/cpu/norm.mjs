// The step by Norm's own compiler, on WebAssembly.
import { createEngine } from "../../dist/runtime/wasm/engine.js";
import { hasRelaxedSimd } from "../../dist/runtime/wasm/features.js";
import { assemble } from "../../dist/target/wasm/assemble.js";
import { emitWasm } from "../../dist/target/wasm/emit.js";
import { openNorm } from "../norm.mjs";

/** Opens a trainer. `step(index)` runs one step, uploads its batch and returns its loss. */
export function open({ threads, ...request }) {
  return openNorm(request, async (program, manifest) => {
    const usesRelaxed = hasRelaxedSimd();
    const { plan, text } = emitWasm(program, { isRelaxed: usesRelaxed });
    return createEngine({ manifest, plan, module: await assemble(text), usesRelaxed }, threads);
  });
}
