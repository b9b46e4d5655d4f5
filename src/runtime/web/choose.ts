/** Which device a page trains on. */

import { RunError } from "../errors.js";
import { runsKernels } from "../wasm/features.js";
import { type AdapterDescription, describeAdapter } from "../webgpu/adapter.js";
import { cpu } from "./cpu.js";
import type { Device } from "./device.js";
import { gpu } from "./gpu.js";

/**
 * The device that is asked for, or else the GPU where there is one. A GPU in software is the last resort: the CPU computes the
 * kernels that were made for it in a fraction of the time.
 * @param wanted `webgpu`, `wasm`, or null for whichever is faster.
 * @throws RunError when it is not there.
 */
export async function chooseDevice(wanted: string | null): Promise<Device> {
  switch (wanted) {
    case null:
      return fastest();
    case "webgpu":
      return gpu(await describeAdapter());
    case "wasm":
      if (!runsKernels()) throw new RunError(withoutWasm);
      return cpu("the page's address asks for it");
    default:
      throw new RunError(`the page's address asks for the device ${wanted}, which there is not: take \`webgpu\` or \`wasm\``);
  }
}

const withoutWasm = "this browser has no WebAssembly with SIMD and threads: use a newer one, or switch it on in its settings";

async function fastest(): Promise<Device> {
  const found = await describeAdapter().catch(reasonOf);
  if (typeof found !== "string" && !found.isSoftware) return gpu(found);
  if (runsKernels()) return cpu(typeof found === "string" ? found : inSoftware(found));
  if (typeof found === "string") throw new RunError(`${found}. Nor can it train on the CPU: ${withoutWasm}`);
  return gpu(found);
}

function reasonOf(error: unknown): string {
  if (error instanceof RunError) return error.message;
  throw error;
}

function inSoftware({ vendor, architecture }: AdapterDescription): string {
  return `WebGPU has no GPU here but one in software, ${vendor} ${architecture}, which \`?device=webgpu\` in the page's address takes`;
}
