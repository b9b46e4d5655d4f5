/**
 * The interpreter of kernel programs: float64, one row after the other, in buffers laid out by the program's own plan. A part means
 * what it says, however it is scheduled: a `product` means the same as a `fold`. Slow and obvious on purpose.
 */

import type { Environment } from "../ir/definition.js";
import { IrError, elements } from "../ir/types.js";
import { keyOf } from "../random/threefry.js";
import { Evaluation } from "./evaluate.js";
import { address } from "./normalise.js";
import type { Part, Store } from "./part.js";
import type { BufferName, Dispatch, KernelProgram } from "./program.js";
import type { Tensor } from "./tensor.js";

export interface KernelOutcome {
  /** The entry's results by name, in the layout of their tensors. */
  readonly results: ReadonlyMap<string, Float64Array>;
  /** Every slot after the entry. */
  readonly slots: ReadonlyMap<string, Float64Array>;
}

/** What an update does: it only looks whether its values are finite, or it keeps them. */
type Mode = "write" | "check";

/** Runs one entry. @throws IrError when it has no such entry, or an address lies outside its tensor. */
export function interpretKernels(program: KernelProgram, entryName: string, environment: Environment): KernelOutcome {
  const entry = program.entries.get(entryName);
  if (entry === undefined) throw new IrError(`there is no entry \`${entryName}\``);
  const memory = new Memory(program);
  for (const [name, tensor] of program.slots) memory.fill(tensor, environment.slots.get(name));
  for (const [name, tensor] of program.inputs) memory.fill(tensor, environment.inputs.get(name));
  for (const [stream, tensor] of program.keys) memory.fill(tensor, keyOf(environment.seed, stream, environment.step));
  const run = (dispatches: readonly Dispatch[], mode: Mode) => dispatches.map((dispatch) => runDispatch(dispatch, memory, mode));
  run(entry.dispatches, "write");
  if (run(entry.updates, "check").every((isFinite) => isFinite)) run(entry.updates, "write");
  const values = (tensors: ReadonlyMap<string, Tensor>) => new Map([...tensors].map(([name, tensor]) => [name, memory.values(tensor)]));
  return { results: values(entry.results), slots: values(program.slots) };
}

/** Runs the last piece first: none may count on those beside it. @returns whether all values are finite. */
function runDispatch({ pieces }: Dispatch, memory: Memory, mode: Mode): boolean {
  return pieces.toReversed().map(({ part }) => runPart(part, memory, mode)).every((isFinite) => isFinite);
}

function runPart(part: Part, memory: Memory, mode: Mode): boolean {
  const tables = new Map<Tensor, Map<number, number>>();
  const evaluation = new Evaluation((tensor, element) => (tensor.storage === "local" ? (tables.get(tensor)?.get(element) ?? NaN) : memory.read(tensor, element)));
  let isFinite = true;
  evaluation.forRows(part.rows, () => {
    tables.clear();
    // A row's values are computed from what was there before any of them is stored.
    const pending: (readonly [Store, element: number, value: number])[] = [];
    for (const store of part.stores) {
      evaluation.forEach(store.columns, () => {
        const [element, value] = [evaluation.element(address(store.at)), evaluation.value(store.value)];
        if (store.tensor.storage === "local") tables.set(store.tensor, (tables.get(store.tensor) ?? new Map()).set(element, value));
        else pending.push([store, element, value]);
        isFinite &&= Number.isFinite(value);
      });
    }
    if (mode === "write") for (const [{ tensor }, element, value] of pending) memory.write(tensor, element, value);
  });
  return isFinite;
}

/** The buffers: a number for every two bytes, which for a tensor of 32 bits is used every other time. */
class Memory {
  private readonly buffers: ReadonlyMap<BufferName, Float64Array>;

  constructor(private readonly program: KernelProgram) {
    // What is read before it is written shows in the results.
    this.buffers = new Map([...program.buffers].map(([name, bytes]) => [name, new Float64Array(Math.ceil(bytes / 2)).fill(NaN)]));
  }

  read(tensor: Tensor, element: number): number {
    const { buffer, index } = this.find(tensor, element);
    return buffer[index]!;
  }

  write(tensor: Tensor, element: number, value: number): void {
    const { buffer, index } = this.find(tensor, element);
    buffer[index] = value;
  }

  private find(tensor: Tensor, element: number): { buffer: Float64Array; index: number } {
    const placement = this.program.placements.get(tensor);
    if (placement === undefined) throw new IrError(`${tensor.name} has no place`);
    const buffer = this.buffers.get(placement.buffer)!;
    const index = placement.offset / 2 + element * (tensor.half ? 1 : 2);
    if (!(element >= 0 && element < elements(tensor.axes) && index < buffer.length)) throw new IrError(`${tensor.name} has no element ${element}`);
    return { buffer, index };
  }

  fill(tensor: Tensor, values: ArrayLike<number> | undefined): void {
    for (let i = 0; i < (values?.length ?? 0); i++) this.write(tensor, i, values![i]!);
  }

  values(tensor: Tensor): Float64Array {
    return Float64Array.from({ length: elements(tensor.axes) }, (_, i) => this.read(tensor, i));
  }
}
