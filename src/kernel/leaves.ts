/** The tensors that outlast a run of an entry: slots, inputs, and the keys of random numbers. Entries share them. */

import type { Program } from "../ir/program.js";
import type { Tensor } from "./tensor.js";

/** Finds them by name. */
export interface Leaves {
  slot(name: string): Tensor;
  input(name: string): Tensor;
  /** The key of a stream of random numbers: two words, which the host fills for every step. */
  key(stream: string): Tensor;
}

export interface ProgramLeaves extends Leaves {
  readonly slots: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** The keys that were asked for. */
  readonly keys: ReadonlyMap<string, Tensor>;
}

export function leavesOf(program: Program): ProgramLeaves {
  const slots = new Map<string, Tensor>();
  for (const { name, type } of [...program.parameters, ...program.states]) slots.set(name, { name, storage: "slot", half: false, ...type });
  const inputs = new Map<string, Tensor>();
  for (const { name, type } of program.inputs) inputs.set(name, { name, storage: "input", half: false, ...type });
  const keys = new Map<string, Tensor>();
  return {
    slots,
    inputs,
    keys,
    slot: (name) => slots.get(name)!,
    input: (name) => inputs.get(name)!,
    key(stream) {
      const known = keys.get(stream);
      if (known !== undefined) return known;
      const made: Tensor = { name: stream, storage: "input", dtype: "i32", half: false, axes: [{ name: "word", extent: 2 }] };
      keys.set(stream, made);
      return made;
    },
  };
}
