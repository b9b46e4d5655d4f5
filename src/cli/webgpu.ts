/** Compiling a recipe to kernels. */

import type { Compiled } from "../compiler/compile.js";
import { IrError } from "../ir/types.js";
import { type Device, portable } from "../kernel/device.js";
import { lower } from "../kernel/lower.js";
import { printKernels } from "../kernel/print.js";
import { RunError } from "../runtime/errors.js";
import type { Trainer } from "../runtime/webgpu/trainer.js";
import { emitWebgpu } from "../target/webgpu/emit.js";
import { webgpuManifest } from "../target/webgpu/manifest.js";

/** @throws RunError when the device cannot run the model. */
export function compileWebgpu({ program, manifest }: Compiled, device: Device): Trainer {
  return onDevice(manifest.name, () => {
    const plan = emitWebgpu(program, device);
    return { plan, manifest: webgpuManifest(plan, manifest) };
  });
}

/** The kernels for what every WebGPU device can do, as text. @throws RunError when the model needs more. */
export function kernelsText({ program, manifest }: Compiled): string {
  return onDevice(manifest.name, () => printKernels(lower(program, portable)));
}

function onDevice<T>(name: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    throw new RunError(`${name} cannot be computed by WebGPU there: ${error.message}. The target wasm has wider limits`, { cause: error });
  }
}
