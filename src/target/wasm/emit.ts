/** Compiles a program for WebAssembly: kernels as text, and the plan in which they run. */

import { type Program, isMeasure } from "../../ir/program.js";
import { IrError, elements } from "../../ir/types.js";
import { lower } from "../../kernel/lower.js";
import { aligned } from "../../kernel/memory.js";
import { type Store, originOf, readBy } from "../../kernel/part.js";
import type { BufferName, Dispatch, EntryPlan, KernelProgram } from "../../kernel/program.js";
import { type Tensor, tensorBytes } from "../../kernel/tensor.js";
import { verifyKernels } from "../../kernel/verify.js";
import { formatBytes } from "../../runtime/format.js";
import { type Output, type Plan, type PlannedDispatch, type PlannedEntry, type TensorRange, reservedBytes } from "../../runtime/wasm/plan.js";
import { finalStores, originFields } from "../outputs.js";
import { addressable, processor } from "./device.js";
import { Module } from "./module.js";

export interface EmittedWasm {
  readonly plan: Plan;
  /** The module, for `assemble`. */
  readonly text: string;
}

export interface EmitOptions {
  /** Whether the module may use relaxed SIMD. */
  readonly isRelaxed: boolean;
}

/** The plan and the kernels of a verified program. @throws IrError when it needs more than 32-bit addresses reach. */
export function emitWasm(program: Program, options: EmitOptions): EmittedWasm {
  return emitKernels(kernelsFor(program), options);
}

/** The kernel program of a verified program, for a processor. @throws IrError when an entry cannot be computed by kernels. */
export function kernelsFor(program: Program): KernelProgram {
  const kernels = lower(program, processor);
  verifyKernels(kernels, processor);
  return kernels;
}

/** The plan and the module of a kernel program. */
export function emitKernels(kernels: KernelProgram, { isRelaxed }: EmitOptions): EmittedWasm {
  const { starts, bytes } = laidOut(kernels.buffers);
  const addressOf = (tensor: Tensor): number => {
    const { buffer, offset } = kernels.placements.get(tensor)!;
    return starts.get(buffer)! + offset;
  };
  const module = new Module(isRelaxed, addressOf);
  const empty: PlannedEntry = { from: 0, check: 0, commit: 0, to: 0, dispatches: [], results: [] };
  const entry = (name: string) => {
    const own = kernels.entries.get(name);
    return own === undefined ? empty : plannedEntry(own);
  };
  const measures = Object.fromEntries([...kernels.entries.keys()].filter(isMeasure).map((name) => [name, entry(name)]));
  const entries = { initialise: entry("initialise"), step: entry("step"), evaluate: entry("evaluate") };
  const { scratchBytes } = module;
  if (bytes + scratchBytes > addressable) throw new IrError(`it takes ${formatBytes(bytes + scratchBytes)}, and 32-bit addresses reach ${formatBytes(addressable)}`);
  const plan: Plan = { bytes, scratch: scratchBytes, slots: ranges(kernels.slots), inputs: ranges(kernels.inputs), keys: ranges(kernels.keys), entries, measures };
  return { plan, text: module.text(bytes) };

  function plannedEntry(own: EntryPlan): PlannedEntry {
    const final = finalStores(own);
    const from = module.count;
    const planned: PlannedDispatch[] = [];
    const add = (dispatches: readonly Dispatch[], kind: "write" | "check" | "commit") => {
      for (const dispatch of dispatches) {
        const name = `${own.name}_${module.count - from}`;
        module.add(name, dispatch, kind === "check" ? "check" : "write", `${kind} ${contentsOf(dispatch)}`, kind === "commit");
        planned.push({ reads: readsOf(dispatch), outputs: kind === "check" ? [] : final(dispatch).map(outputOf) });
      }
      return module.count;
    };
    const check = add(own.dispatches, "write");
    const commit = add(own.updates, "check");
    const to = add(own.updates, "commit");
    return { from, check, commit, to, dispatches: planned, results: ranges(own.results) };
  }

  function range(tensor: Tensor, name: string): TensorRange {
    return { name, type: tensor.dtype === "f32" ? "f32" : "i32", offset: addressOf(tensor), elements: elements(tensor.axes) };
  }

  function ranges(tensors: ReadonlyMap<string, Tensor>): readonly TensorRange[] {
    return [...tensors].map(([name, tensor]) => range(tensor, name));
  }

  function readsOf({ pieces }: Dispatch): readonly (readonly [number, number])[] {
    const tensors = new Set(pieces.flatMap(({ part }) => [...readBy(part)]));
    return [...tensors].map((tensor) => [addressOf(tensor), addressOf(tensor) + tensorBytes(tensor)]);
  }

  function outputOf({ tensor, origin }: Store): Output {
    const { name: _, ...where } = range(tensor, "");
    return { ...where, ...originFields(origin) };
  }
}

/** Buffers one after the other in the one memory. */
function laidOut(buffers: ReadonlyMap<BufferName, number>): { starts: ReadonlyMap<BufferName, number>; bytes: number } {
  const starts = new Map<BufferName, number>();
  let bytes = reservedBytes;
  for (const [name, size] of buffers) {
    starts.set(name, bytes);
    bytes += aligned(size);
  }
  return { starts, bytes };
}

/** What a dispatch computes, for people: the places in the model. */
function contentsOf({ pieces }: Dispatch): string {
  const places = new Set(pieces.map(({ part }) => originOf(part)).map(({ place, phase }) => `${place === "" ? "" : `@${place} `}${phase}`));
  return [...places].join(", ");
}
