/** What an operation of the IR must declare; `ops/` holds one such definition for every operation. */

import type { Build } from "./builder.js";
import type { Op, OpKind, OpOf } from "./program.js";
import type { TensorType } from "./types.js";

/** A value in the interpreter: float64 numbers, row-major in the layout of the type. Booleans are 0 and 1. */
export interface Tensor {
  readonly type: TensorType;
  readonly data: Float64Array;
}

/** What an entry reads from outside: slots, inputs and the key of its random numbers. */
export interface Environment {
  /** Parameters and states by name. */
  readonly slots: ReadonlyMap<string, Float64Array>;
  readonly inputs: ReadonlyMap<string, Float64Array>;
  readonly seed: number;
  readonly step: number;
}

export interface Definition<K extends OpKind> {
  /** How many operands: a number, or `many` for one or more. */
  readonly operands: number | "many";
  /** The type rule: the result's type. @throws IrError when the operands or attributes do not fit. */
  type(operands: readonly TensorType[], attributes: OpOf<K>["attributes"], context: SlotTypes): TensorType;
  /** The reference semantics. */
  evaluate(op: OpOf<K>, operands: readonly Tensor[], environment: Environment): Float64Array;
  /**
   * Reverse mode: given the result's cotangent, the cotangent of each operand, of the operand's axes in any order.
   * `undefined` where none flows. Operations without a derivative say `none`.
   */
  readonly derivative: "none" | ((op: OpOf<K>, cotangent: Op, build: Build) => readonly (Op | undefined)[]);
  /** Floating-point operations; a multiplication and an addition count as two, any elementary function as one. */
  flops(op: OpOf<K>): number;
}

/** The types of the slots, which the leaves need. */
export interface SlotTypes {
  /** @throws IrError when no parameter and no state has that name. */
  slot(name: string): TensorType;
  /** @throws IrError when no input has that name. */
  input(name: string): TensorType;
}
