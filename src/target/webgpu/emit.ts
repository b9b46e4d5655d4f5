/** Compiles a program for WebGPU: kernels as WGSL and the plan in which they run. */

import { type Program, isMeasure } from "../../ir/program.js";
import type { Device } from "../../kernel/device.js";
import { lower } from "../../kernel/lower.js";
import type { Store } from "../../kernel/part.js";
import { verifyKernels } from "../../kernel/verify.js";
import type { Dispatch, EntryPlan, KernelProgram, Placement } from "../../kernel/program.js";
import type { Tensor } from "../../kernel/tensor.js";
import { IrError } from "../../ir/types.js";
import type { BufferName, Output, Plan, PlannedDispatch, PlannedEntry, TensorRange } from "../../runtime/webgpu/plan.js";
import { finalStores, originFields } from "../outputs.js";
import { countOf } from "./bindings.js";
import { shaderOf } from "./shader.js";
import type { StoreMode } from "./store.js";

/** Bytes before the first result: the word that says whether a value was not finite. */
const healthBytes = 256;

/** WebGPU's features by the line with which a shader asks for them. */
const featureOf: readonly (readonly [line: string, feature: string])[] = [
  ["enable f16;", "shader-f16"],
  ["enable subgroups;", "subgroups"],
  ["enable chromium_experimental_subgroup_matrix;", "chromium-experimental-subgroup-matrix"],
];

/** The plan of a verified program. @throws IrError when the device cannot run one of its operations. */
export function emitWebgpu(program: Program, device: Device): Plan {
  const kernels = lower(program, device);
  for (const [name, size] of kernels.buffers) checkBuffer(name, size, device);
  verifyKernels(kernels, device);
  return planOf(kernels, device);
}

/** The plan of a kernel program. */
export function planOf(kernels: KernelProgram, device: Device): Plan {
  const shaders = new Map<string, number>();
  const placements = new Map<Tensor, Placement>();
  for (const [tensor, place] of kernels.placements) {
    placements.set(tensor, place.buffer === "results" ? { ...place, offset: place.offset + healthBytes } : place);
  }
  const range = (tensor: Tensor, name = tensor.name): TensorRange => {
    const { offset } = placements.get(tensor)!;
    return { name, type: tensor.half ? "f16" : tensor.dtype === "f32" ? "f32" : "i32", offset, elements: countOf(tensor) };
  };
  const ranges = (tensors: ReadonlyMap<string, Tensor>) => [...tensors].map(([name, tensor]) => range(tensor, name));
  const empty: PlannedEntry = { dispatches: [], check: [], commit: [], results: [] };
  const entry = (name: string) => {
    const own = kernels.entries.get(name);
    return own === undefined ? empty : plannedEntry(own);
  };
  const measures = Object.fromEntries([...kernels.entries.keys()].filter(isMeasure).map((name) => [name, entry(name)]));
  const entries = { initialise: entry("initialise"), step: entry("step"), evaluate: entry("evaluate") };
  const bytes = (name: BufferName) => (kernels.buffers.get(name) ?? 0) + (name === "results" ? healthBytes : 0);
  const others = [...kernels.buffers.keys()].map((name) => [name, bytes(name)]);
  return {
    features: [...featureOf].filter(([line]) => [...shaders.keys()].some((text) => text.includes(line))).map(([, feature]) => feature),
    limits: limitsOf(kernels, [...Object.values(entries), ...Object.values(measures)], [...shaders.keys()]),
    buffers: { slots: bytes("slots"), inputs: bytes("inputs"), results: bytes("results"), arena: bytes("arena"), ...Object.fromEntries(others) },
    shaders: [...shaders.keys()],
    slots: ranges(kernels.slots),
    inputs: ranges(kernels.inputs),
    keys: ranges(kernels.keys),
    entries,
    measures,
  };

  function plannedEntry(own: EntryPlan): PlannedEntry {
    const final = finalStores(own);
    const planned = (dispatches: readonly Dispatch[], mode: StoreMode) => dispatches.map((dispatch) => plannedDispatch(dispatch, mode, final(dispatch)));
    return {
      dispatches: planned(own.dispatches, "write"),
      check: planned(own.updates, "check"),
      commit: planned(own.updates, "commit"),
      results: [...own.results].map(([name, tensor]) => range(tensor, name)),
    };
  }

  function plannedDispatch(dispatch: Dispatch, mode: StoreMode, final: readonly Store[]): PlannedDispatch {
    const { text, bindings, groups } = shaderOf(dispatch, placements, device, mode);
    const shader = shaders.get(text) ?? shaders.size;
    shaders.set(text, shader);
    return { shader, groups, bindings, outputs: final.map(outputOf) };
  }

  function outputOf({ tensor, origin }: Store): Output {
    const { name: _, ...where } = range(tensor);
    return { ...where, buffer: placements.get(tensor)!.buffer, ...originFields(origin) };
  }
}

function checkBuffer(name: BufferName, bytes: number, device: Device): void {
  if (bytes <= device.maxBuffer) return;
  const what = name === "slots" ? "parameters and optimizer states take" : name === "inputs" ? "a batch takes" : "one value takes";
  throw new IrError(`${what} ${bytes} bytes, and a buffer of this device holds at most ${device.maxBuffer}`);
}

/** The limits of WebGPU that a plan needs to be larger than they are everywhere. */
function limitsOf(kernels: KernelProgram, entries: readonly PlannedEntry[], shaders: readonly string[]): Readonly<Record<string, number>> {
  const dispatches = entries.flatMap((entry) => [...entry.dispatches, ...entry.check, ...entry.commit]);
  const bindings = dispatches.flatMap((dispatch) => dispatch.bindings);
  const limits: Record<string, number> = {};
  const atLeast = (name: string, value: number, everywhere: number) => {
    if (value > everywhere) limits[name] = value;
  };
  atLeast("maxStorageBuffersPerShaderStage", Math.max(0, ...dispatches.map((dispatch) => dispatch.bindings.length)), 8);
  atLeast("maxStorageBufferBindingSize", Math.max(0, ...bindings.map((binding) => binding.size)), 128 * 2 ** 20);
  atLeast("maxBufferSize", Math.max(...kernels.buffers.values()) + healthBytes, 256 * 2 ** 20);
  atLeast("maxComputeWorkgroupStorageSize", Math.max(0, ...shaders.map(sharedBytes)), 16 * 2 ** 10);
  const threads = Math.max(0, ...shaders.map((text) => Number(/@workgroup_size\((\d+)\)/.exec(text)![1])));
  atLeast("maxComputeInvocationsPerWorkgroup", threads, 256);
  atLeast("maxComputeWorkgroupSizeX", threads, 256);
  return limits;
}

const sizes: Readonly<Record<string, number>> = { f16: 2, f32: 4, i32: 4, "vec4<f32>": 16 };

/** Bytes of memory that a shader's groups share. */
function sharedBytes(text: string): number {
  return [...text.matchAll(/^var<workgroup> \w+: array<(.+), (\d+)>;$/gm)].reduce((total, [, type, count]) => total + sizes[type!]! * Number(count), 0);
}
