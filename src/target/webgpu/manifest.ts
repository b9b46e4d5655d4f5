/** The manifest of a WebGPU trainer. */

import type { Manifest } from "../../runtime/trainer.js";
import type { Plan } from "../../runtime/webgpu/plan.js";

/** The manifest with the memory that the plan takes. */
export function webgpuManifest({ buffers }: Plan, manifest: Manifest): Manifest {
  const peakBytes = Object.values(buffers).reduce((sum, bytes) => sum + bytes, 0);
  return { ...manifest, target: "webgpu", cost: { ...manifest.cost, peakBytes } };
}
