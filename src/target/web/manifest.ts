/** The manifest of a page. */

import type { Manifest } from "../../runtime/trainer.js";

/** Out of those of the two targets that a page holds, with the memory of the one that takes more. */
export function webManifest(webgpu: Manifest, wasm: Manifest): Manifest {
  return { ...webgpu, target: "web", cost: { ...webgpu.cost, peakBytes: Math.max(webgpu.cost.peakBytes, wasm.cost.peakBytes) } };
}
