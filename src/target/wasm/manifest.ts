/** The manifest of a WebAssembly trainer. */

import type { Manifest } from "../../runtime/trainer.js";
import type { Plan } from "../../runtime/wasm/plan.js";

/** The manifest with the memory that the plan takes on so many threads. */
export function wasmManifest({ bytes, scratch }: Plan, manifest: Manifest, threads: number): Manifest {
  return { ...manifest, target: "wasm", cost: { ...manifest.cost, peakBytes: bytes + threads * scratch } };
}
