/** The manifest of a TensorFlow.js trainer. */

import type { Program } from "../../ir/program.js";
import type { Manifest } from "../../runtime/trainer.js";
import { predictPeak } from "./emit.js";

/** The manifest with this target's own prediction of its peak. */
export function tfjsManifest(program: Program, manifest: Manifest): Manifest {
  return { ...manifest, target: "tfjs", cost: { ...manifest.cost, peakBytes: predictPeak(program) } };
}
