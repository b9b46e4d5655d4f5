/**
 * The interpreter of kernel programs: float64, one row after the other, in buffers laid out by the program's own plan. A part means
 * what it says, however it is scheduled: a `product` means the same as a `fold`. Slow and obvious on purpose.
 */

import type { Environment } from "../ir/definition.js";
import { IrError, elements } from "../ir/types.js";
import { keyOf } from "../random/threefry.js";
import { at, numberOf } from "./coordinate.js";
import { Evaluation } from "./evaluate.js";
import { address } from "./normalise.js";
import { type Part, tablesOf } from "./part.js";
import type { BufferName, Dispatch, KernelProgram } from "./program.js";
import type { Tensor } from "./tensor.js";
import { type Lead, leadOf } from "./turns.js";

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

/**
 * Runs the last piece first: none may count on those beside it. Of turns, the last one is run first.
 * @returns whether all values are finite.
 */
function runDispatch({ pieces, turns }: Dispatch, memory: Memory, mode: Mode): boolean {
  if (turns === undefined) return pieces.toReversed().map(({ part }) => runPart(part, memory, mode)).every((isFinite) => isFinite);
  const ofTurn = (turn: number) => pieces.map(({ part }) => runPart(part, memory, mode, { turn, lead: leadOf(part, turns)! })).every((isFinite) => isFinite);
  return Array.from({ length: turns }, (_, i) => ofTurn(turns - 1 - i)).every((isFinite) => isFinite);
}

/** @param own the rows that are run: all of them, or those of one turn. */
function runPart(part: Part, memory: Memory, mode: Mode, own?: { readonly turn: number; readonly lead: Lead }): boolean {
  const tables = new Map<Tensor, Map<number, number>>(tablesOf(part).map((tensor) => [tensor, new Map()]));
  const evaluation = new Evaluation((tensor) => {
    const table = tables.get(tensor);
    return table === undefined ? memory.of(tensor).read : (element) => table.get(element) ?? NaN;
  });
  // A row's values are computed from what was there before any of them is stored.
  const pending: (() => void)[] = [];
  const stores = part.stores.map(({ tensor, at, columns, value }) => {
    const [element, compute, table] = [evaluation.coordinate(address(at)), evaluation.value(value), tables.get(tensor)];
    const write = table === undefined ? memory.of(tensor).write : (own: number, result: number) => void table.set(own, result);
    return () => evaluation.forEach(columns, () => {
      const [own, result] = [element(), compute()];
      if (table !== undefined) return write(own, result);
      isFinite &&= Number.isFinite(result);
      if (mode === "write") pending.push(() => write(own, result));
    });
  });
  let isFinite = true;
  const turnOf = own === undefined ? undefined : evaluation.coordinate(numberOf(own.lead.loops.map(({ extent }) => extent), own.lead.loops.map(at)));
  evaluation.forRows(part.rows, () => {
    if (turnOf !== undefined && Math.floor(turnOf() / own!.lead.perTurn) !== own!.turn) return;
    for (const table of tables.values()) table.clear();
    for (const store of stores) store();
    for (const store of pending.splice(0)) store();
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

  /** @throws IrError when it has no place; reading and writing throw one when they miss the tensor. */
  of(tensor: Tensor): { read(element: number): number; write(element: number, value: number): void } {
    const placement = this.program.placements.get(tensor);
    const buffer = placement && this.buffers.get(placement.buffer);
    if (placement === undefined || buffer === undefined) throw new IrError(`${tensor.name} has no place`);
    const [first, width, count] = [placement.offset / 2, tensor.half ? 1 : 2, elements(tensor.axes)];
    const find = (element: number): number => {
      const index = first + width * element;
      if (!(element >= 0 && element < count && index < buffer.length)) throw new IrError(`${tensor.name} has no element ${element}`);
      return index;
    };
    return {
      read: (element) => buffer[find(element)]!,
      write: (element, value) => void (buffer[find(element)] = value),
    };
  }

  fill(tensor: Tensor, values: ArrayLike<number> | undefined): void {
    const { write } = this.of(tensor);
    for (let i = 0; i < (values?.length ?? 0); i++) write(i, values![i]!);
  }

  values(tensor: Tensor): Float64Array {
    const { read } = this.of(tensor);
    return Float64Array.from({ length: elements(tensor.axes) }, (_, i) => read(i));
  }
}
