/** What the lowering makes: calls of TensorFlow.js functions in order, still without names. */

import type { Op } from "../../ir/program.js";
import type { DType } from "../../ir/types.js";
import type { Region } from "./region.js";

/** A tensor that the program handles. Two values may share their data: a reshaped tensor costs no memory of its own. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Read from outside, and owned there. */
  readonly external?: External;
  /** The value whose data it shares, or itself. */
  readonly root: Value;
}
export interface External {
  readonly kind: "slot" | "input";
  readonly name: string;
}

/** The name of a slot or of a stream of random numbers; in a function for repeated layers it depends on the layer. */
export class Named {
  constructor(readonly name: string) {}
}

/** An argument as it will stand in the text. */
export type Argument = Value | Named | number | string | boolean | readonly number[] | readonly Value[] | readonly (readonly number[])[];

export interface Call {
  /** Of the `tf` object, or of the helpers in `src/runtime/tfjs/operations.ts`. */
  readonly from: "tf" | "runtime";
  readonly name: string;
  readonly args: readonly Argument[];
  /** Undefined for `update`, which hands its value over. */
  readonly result: Value | undefined;
  /** The operation that it comes from: its place, phase and source. */
  readonly op: Op;
  readonly region: Region;
  /** Bytes that a helper holds besides its result while it runs. */
  readonly workspace: number;
}

export function isValue(argument: unknown): argument is Value {
  return typeof argument === "object" && argument !== null && "root" in argument;
}

/** The values among the arguments of a call. */
export function valuesOf(args: readonly Argument[]): readonly Value[] {
  return args.flatMap((argument): readonly Value[] => {
    if (isValue(argument)) return [argument];
    return Array.isArray(argument) ? argument.filter(isValue) : [];
  });
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Bytes of a value's data: TensorFlow.js keeps booleans in one byte. */
export function bytesOf(value: Pick<Value, "shape" | "dtype">): number {
  return size(value.shape) * (value.dtype === "bool" ? 1 : 4);
}
