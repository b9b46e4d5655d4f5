/** What Node's WebAssembly can once it is asked to. Pages do not load this file. */

import { setFlagsFromString } from "node:v8";
import { hasRelaxedSimd } from "./features.js";

/**
 * Switches relaxed SIMD on where V8 has it behind a flag, as in Node 20; to be called before a module is compiled. It holds for
 * the threads of the process too.
 * @returns whether there is relaxed SIMD now.
 */
export function enableRelaxedSimd(): boolean {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return hasRelaxedSimd();
}
