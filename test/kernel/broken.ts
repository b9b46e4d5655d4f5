/** A small kernel program, and ways to break it. */

import { parseProgram } from "../../src/ir/parse.js";
import type { Program } from "../../src/ir/program.js";
import { type Coordinate, type Variable, at, plus, times } from "../../src/kernel/coordinate.js";
import { type Device, portable } from "../../src/kernel/device.js";
import { lower } from "../../src/kernel/lower.js";
import type { Part, Store } from "../../src/kernel/part.js";
import type { Dispatch, EntryPlan, KernelProgram, Piece, Placement } from "../../src/kernel/program.js";
import { type Load, type Scalar, Scalars } from "../../src/kernel/scalar.js";
import type { Tensor } from "../../src/kernel/tensor.js";

/** Its dispatches: a product; two pieces that write one joined value; sums; a product; and the updates. */
export const smallProgram: Program = parseProgram(`program small {
  parameter w : f32[p: 8, q: 8] weight
  parameter v : f32[q: 8] weight
  state m : f32[p: 8, q: 8] optimizer
  input x : f32[b: 16, p: 8]
  input label : i32[b: 16] below 8
  entry step {
    %0 = input() {slot: "x"} : f32[b: 16, p: 8] @layer
    %1 = parameter() {slot: "w"} : f32[p: 8, q: 8] @layer
    %2 = contract(%0, %1) {axes: [p]} : f32[b: 16, q: 8] @layer
    %3 = reduce_sum(%2) {axes: [q]} : f32[b: 16] @norm
    %4 = sub(%2, %3) : f32[b: 16, q: 8] @norm
    %5 = rename(%0) {from: [p], to: [q]} : f32[b: 16, q: 8] @join
    %6 = concatenate(%4, %5) {axis: "q"} : f32[b: 16, q: 16] @join
    %7 = input() {slot: "label"} : i32[b: 16] @pick
    %8 = take(%6, %7) {axis: "q"} : f32[b: 16] @pick
    %9 = reduce_sum(%8) {axes: [b]} : f32[] @loss
    %10 = reduce_sum(%6) {axes: [b]} : f32[q: 16] @loss
    %11 = contract(%0, %4) {axes: [b]} : f32[p: 8, q: 8] @layer backward
    %12 = state() {slot: "m"} : f32[p: 8, q: 8] update
    %13 = constant() {value: 0.9, dtype: "f32"} : f32[] update
    %14 = mul(%12, %13) : f32[p: 8, q: 8] update
    %15 = add(%14, %11) : f32[p: 8, q: 8] update
    %16 = update(%15) {slot: "m"} : f32[p: 8, q: 8] @w update
    %17 = sub(%1, %15) : f32[p: 8, q: 8] update
    %18 = update(%17) {slot: "w"} : f32[p: 8, q: 8] @w update
    %19 = slice(%10) {axis: "q", start: 0, extent: 8} : f32[q: 8]
    %20 = update(%19) {slot: "v"} : f32[q: 8] @v update
    return loss: %9, sums: %10
  }
}`);

/** Lowered anew each time, for the portable device. */
export function small(device: Device = portable): KernelProgram {
  return lower(smallProgram, device);
}

/** The tensor of a name: a slot, an input, a result or a temporary. */
export function tensorOf(program: KernelProgram, name: string): Tensor {
  const found = [...program.placements.keys()].find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found;
}

export function entryOf(program: KernelProgram): EntryPlan {
  return program.entries.get("step")!;
}

export function withEntry(program: KernelProgram, change: (entry: EntryPlan) => Partial<EntryPlan>): KernelProgram {
  const entry = entryOf(program);
  return { ...program, entries: new Map([["step", { ...entry, ...change(entry) }]]) };
}

export function withDispatches(program: KernelProgram, change: (dispatches: readonly Dispatch[]) => readonly Dispatch[]): KernelProgram {
  return withEntry(program, ({ dispatches }) => ({ dispatches: change(dispatches) }));
}

export function withDispatch(program: KernelProgram, i: number, change: (dispatch: Dispatch) => Partial<Dispatch>): KernelProgram {
  return withDispatches(program, (dispatches) => dispatches.with(i, { ...dispatches[i]!, ...change(dispatches[i]!) }));
}

export function withUpdates(program: KernelProgram, change: (pieces: readonly Piece[]) => readonly Piece[]): KernelProgram {
  return withEntry(program, ({ updates: [update] }) => ({ updates: [{ ...update!, pieces: change(update!.pieces) }] }));
}

/** Changes one store of one piece of the updates; `rows` are the part's unless given. */
export function withUpdate(program: KernelProgram, at: number, index: number, change: (store: Store) => Partial<Store>, rows?: readonly Variable[]): KernelProgram {
  return withUpdates(program, (pieces) => {
    const { part, ...piece } = pieces[at]!;
    return pieces.with(at, { ...piece, part: { ...part, rows: rows ?? part.rows, stores: part.stores.with(index, changed(part.stores[index]!, change)) } });
  });
}

/** Changes the piece `at` of dispatch `i`. */
export function withPiece(program: KernelProgram, i: number, at: number, change: (piece: Piece) => Partial<Piece>): KernelProgram {
  return withDispatch(program, i, ({ pieces }) => ({ pieces: pieces.with(at, { ...pieces[at]!, ...change(pieces[at]!) }) }));
}

export function withPart(program: KernelProgram, i: number, at: number, change: (part: Part) => Partial<Part>): KernelProgram {
  return withPiece(program, i, at, ({ part }) => ({ part: { ...part, ...change(part) } }));
}

/** Changes the first store of a part. */
export function withStore(program: KernelProgram, i: number, at: number, change: (store: Store, part: Part) => Partial<Store>): KernelProgram {
  return withPart(program, i, at, (part) => ({ stores: part.stores.with(0, changed(part.stores[0]!, (store) => change(store, part))) }));
}

export function changed(store: Store, change: (store: Store) => Partial<Store>): Store {
  return { ...store, ...change(store) };
}

export function withPlacement(program: KernelProgram, name: string, change: (placement: Placement) => Partial<Placement>): KernelProgram {
  const tensor = tensorOf(program, name);
  const placement = program.placements.get(tensor)!;
  return { ...program, placements: new Map(program.placements).set(tensor, { ...placement, ...change(placement) }) };
}

/** Another value made of one. Scalars of different makers do not mix. */
export function remade(value: Scalar, make: (scalars: Scalars, value: Scalar) => Scalar): Scalar {
  const scalars = new Scalars();
  return make(scalars, scalars.rewrite(value, {}));
}

/** A value whose loads are read elsewhere. */
export function moved(value: Scalar, where: (load: Load) => Coordinate): Scalar {
  return remade(value, (scalars, own) => scalars.rewrite(own, { load: (load) => scalars.load(load.tensor, [where(load)]) }));
}

/** `Σ factor · loop`. */
export function sumOf(...terms: readonly (readonly [loop: Variable, factor: number])[]): Coordinate {
  return plus(...terms.map(([loop, factor]) => times(at(loop), factor)));
}
