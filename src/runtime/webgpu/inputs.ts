/** What a run of an entry reads, laid out as the plan wants it, so that it is uploaded in one go. */

import { keyOf } from "../../random/threefry.js";
import type { Batch } from "../trainer.js";
import { roundedUp } from "./buffers.js";
import type { Plan, TensorRange } from "./plan.js";

interface View {
  readonly name: string;
  readonly values: Float32Array | Int32Array;
}

export class Inputs {
  private readonly bytes: Uint8Array;
  private readonly views: readonly View[];
  private readonly keys: readonly { readonly stream: string; readonly words: Uint32Array }[];

  constructor(
    { buffers, inputs, keys }: Plan,
    private readonly seed: number,
  ) {
    const memory = new ArrayBuffer(roundedUp(buffers.inputs));
    this.bytes = new Uint8Array(memory);
    this.views = inputs.map((range) => ({ name: range.name, values: viewOf(memory, range) }));
    this.keys = keys.map(({ name, offset, elements }) => ({ stream: name, words: new Uint32Array(memory, offset, elements) }));
  }

  /** All bytes of the buffer `inputs` for a run; they hold until the next call. Without a batch, its inputs stay as they were. */
  filled(batch: Batch | undefined, step: number, steps: number): Uint8Array {
    for (const { name, values } of this.views) {
      if (name === "step") values.fill(step);
      else if (name === "steps") values.fill(steps);
      else if (batch === undefined) continue;
      else if (name === "valid") values.fill(1, 0, batch.valid).fill(0, batch.valid);
      else fill(values, batch, name);
    }
    for (const { stream, words } of this.keys) words.set(keyOf(this.seed, stream, step));
    return this.bytes;
  }
}

function fill(values: Float32Array | Int32Array, batch: Batch, name: string): void {
  const data = batch.inputs.get(name);
  if (data === undefined) throw new Error(`no value is given for the input ${name}`);
  if (data.length !== values.length) throw new Error(`the input ${name} has ${values.length} values, not ${data.length}`);
  values.set(data);
}

function viewOf(memory: ArrayBuffer, { name, type, offset, elements }: TensorRange): Float32Array | Int32Array {
  if (type === "f16") throw new Error(`the input ${name} is of 16-bit floats, which the host has not`);
  return type === "i32" ? new Int32Array(memory, offset, elements) : new Float32Array(memory, offset, elements);
}
