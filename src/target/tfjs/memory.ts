/** Counts the bytes of tensors as TensorFlow.js does. */

import type { Program } from "../../ir/program.js";
import { elements } from "../../ir/types.js";
import { type Value, bytesOf } from "./call.js";

/** Bytes alive while calls run one after the other. Data that several values share is counted once. */
export class Memory {
  bytes = 0;
  peak = 0;
  private readonly sharers = new Map<Value, number>();

  make(value: Value, workspace = 0): void {
    const { root } = value;
    if (root.external === undefined) {
      const count = this.sharers.get(root) ?? 0;
      if (count === 0) this.bytes += bytesOf(root);
      this.sharers.set(root, count + 1);
    }
    this.peak = Math.max(this.peak, this.bytes + workspace);
  }

  dispose(value: Value): void {
    const { root } = value;
    if (root.external !== undefined) return;
    const count = this.sharers.get(root)! - 1;
    this.sharers.set(root, count);
    if (count === 0) this.bytes -= bytesOf(root);
  }
}

/** Bytes that the engine holds before a step begins: parameters, states and the batch. */
export function heldBytes(program: Program): number {
  const held = [...program.parameters, ...program.states, ...program.inputs];
  return held.reduce((sum, { type }) => sum + bytesOf({ shape: [elements(type.axes)], dtype: type.dtype }), 0);
}
