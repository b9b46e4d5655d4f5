/** Writes a trainer that computes by WebGPU, for Node. */

import type { Manifest } from "../../runtime/trainer.js";
import type { Plan } from "../../runtime/webgpu/plan.js";
import { readable } from "../readable.js";
import type { Page } from "../readme.js";
import { type TargetTrainer, writeFolder } from "../write.js";

const page: Page = {
  device: `It computes on the GPU, through WebGPU: the npm package \`webgpu\` needs the driver of the GPU's maker, and on Linux Vulkan. The
kernels are compiled for what every GPU has; \`norm train --target webgpu\` compiles them for the GPU at hand.`,
  files: `- \`kernels/\` holds the shaders in WGSL, and \`plan.json\` says in which order they run, on which parts of which buffers, and
  what each of them computes.`,
};

/** Writes the trainer of a plan into `folder`, as `writeFolder` does and says. */
export function writeTrainer(plan: Plan, manifest: Manifest, folder: string, compiled?: string): Promise<void> {
  const make = async (): Promise<TargetTrainer> => ({ target: "webgpu", files: planFiles(plan), dependencies: ["webgpu"], page });
  return writeFolder(manifest, folder, make, compiled);
}

/** A plan as `plan.json` and its shaders, each in a file that it names. */
export function planFiles(plan: Plan): ReadonlyMap<string, string> {
  const digits = String(plan.shaders.length - 1).length;
  const shaders = plan.shaders.map((text, i) => [`kernels/${String(i).padStart(digits, "0")}.wgsl`, text] as const);
  return new Map([["plan.json", `${readable({ ...plan, shaders: shaders.map(([path]) => path) })}\n`], ...shaders]);
}
