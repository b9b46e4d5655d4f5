/** The tensors that kernels read and write. */

import { type Axis, type DType, elements } from "../ir/types.js";

/**
 * Where a tensor lives: `slot` and `input` outlast a run of an entry, `result` is read by the host, `temporary` lies in the arena,
 * and `local` belongs to a row while it is computed.
 */
export type Storage = "slot" | "input" | "result" | "temporary" | "local";

/** Elements row-major in the order of `axes`. Booleans are whole numbers, 0 and 1. */
export interface Tensor {
  readonly name: string;
  readonly storage: Storage;
  readonly dtype: DType;
  /** Stored in 16 bits; it is computed with in 32. */
  readonly half: boolean;
  readonly axes: readonly Axis[];
}

/** Bytes of its elements, without padding. */
export function tensorBytes(tensor: Tensor): number {
  return (tensor.half ? 2 : 4) * elements(tensor.axes);
}
