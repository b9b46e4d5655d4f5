/** What a run of an entry reads, in memory of the host that is laid out for it. */

import { keyOf } from "../random/threefry.js";
import type { Batch } from "./trainer.js";

/** A tensor in that memory. */
export interface InputRange {
  readonly name: string;
  readonly type: "f32" | "i32" | "f16";
  /** Bytes from the start of the memory. */
  readonly offset: number;
  readonly elements: number;
}

interface View {
  readonly name: string;
  readonly values: Float32Array | Int32Array;
}

export class Inputs {
  private readonly views: readonly View[];
  private readonly keys: readonly { readonly stream: string; readonly words: Uint32Array }[];

  constructor(
    memory: ArrayBuffer,
    /** The batch, the numbers `step` and `steps`, and the weights `valid` of examples. */
    inputs: readonly InputRange[],
    /** Streams of random numbers: the places of their keys. */
    keys: readonly InputRange[],
    private readonly seed: number,
  ) {
    this.views = inputs.map((range) => ({ name: range.name, values: viewOf(memory, range) }));
    this.keys = keys.map(({ name, offset, elements }) => ({ stream: name, words: new Uint32Array(memory, offset, elements) }));
  }

  /** Writes the memory for a run. Without a batch, its inputs stay as they were. */
  fill(batch: Batch | undefined, step: number, steps: number): void {
    for (const { name, values } of this.views) {
      if (name === "step") values.fill(step);
      else if (name === "steps") values.fill(steps);
      else if (batch === undefined) continue;
      else if (name === "valid") values.fill(1, 0, batch.valid).fill(0, batch.valid);
      else fill(values, batch, name);
    }
    for (const { stream, words } of this.keys) words.set(keyOf(this.seed, stream, step));
  }
}

function fill(values: Float32Array | Int32Array, batch: Batch, name: string): void {
  const data = batch.inputs.get(name);
  if (data === undefined) throw new Error(`no value is given for the input ${name}`);
  if (data.length !== values.length) throw new Error(`the input ${name} has ${values.length} values, not ${data.length}`);
  values.set(data);
}

function viewOf(memory: ArrayBuffer, { name, type, offset, elements }: InputRange): Float32Array | Int32Array {
  if (type === "f16") throw new Error(`the input ${name} is of 16-bit floats, which the host has not`);
  return type === "i32" ? new Int32Array(memory, offset, elements) : new Float32Array(memory, offset, elements);
}
