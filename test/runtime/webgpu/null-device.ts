/**
 * Dawn's null backend, which checks shaders and pipelines and computes nothing. It needs no driver, and has the features that
 * SwiftShader lacks.
 *
 * It differs from a GPU in this: its limits are WebGPU's defaults, and a subgroup may have 128 invocations, so that the first
 * extent of a workgroup that computes subgroup matrices must be a multiple of 128.
 */

import { create, globals } from "webgpu";

/** Kept for good: a device whose Dawn was collected as garbage hangs or crashes. */
const dawn = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);

const features = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

export interface NullDevice {
  readonly device: GPUDevice;
  /**
   * The errors in a shader, as `line:column: message`, or, where there is none, in the pipelines of its compute entry points,
   * as `entry: message`.
   */
  validate(wgsl: string): Promise<string[]>;
}

/** Opens a device with 16-bit floats, subgroups and subgroup matrices. */
export async function openNullDevice(): Promise<NullDevice> {
  if (!("GPUBufferUsage" in globalThis)) Object.assign(globalThis, globals);
  const adapter = await dawn.requestAdapter();
  if (adapter === null) throw new Error("Dawn has no null backend");
  const device = await adapter.requestDevice({ requiredFeatures: features as GPUFeatureName[] });
  return { device, validate: (wgsl) => validate(device, wgsl) };
}

async function validate(device: GPUDevice, wgsl: string): Promise<string[]> {
  // The scope keeps Dawn from printing what is returned here.
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: wgsl });
  const { messages } = await module.getCompilationInfo();
  await device.popErrorScope();
  const mistakes = messages
    .filter(({ type }) => type === "error")
    .map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`);
  if (mistakes.length > 0) return mistakes;

  const entries = Array.from(wgsl.matchAll(/@compute\b[^{;]*?\bfn\s+(\w+)/g), ([, name]) => name as string);
  const refusals = entries.map(async (entryPoint) => {
    try {
      await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } });
      return [];
    } catch (error) {
      return [`${entryPoint}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  return (await Promise.all(refusals)).flat();
}
