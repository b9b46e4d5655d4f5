/** Parts: pieces of work that one kernel does, before addresses and schedules. */

import type { Op } from "../ir/program.js";
import type { Coordinate, Variable } from "./coordinate.js";
import { type Scalar, loadsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Writes `value` for every row of the part, and for every value of `columns`. */
export interface Store {
  readonly tensor: Tensor;
  /** One coordinate for each axis of the tensor, over rows and columns. */
  readonly at: readonly Coordinate[];
  readonly columns: readonly Variable[];
  readonly value: Scalar;
  /** The operation whose value it is. */
  readonly origin: Op;
}

/**
 * For every row (a value of each of `rows`), computes and stores. A `product` stores only rows, and its values hold sums of
 * products that tiles of rows compute together; in a `fold` each row is computed by itself.
 */
export interface Part {
  readonly kind: "product" | "fold";
  readonly rows: readonly Variable[];
  readonly stores: readonly Store[];
  /** New values of slots, which take effect only when all of them are finite. */
  readonly isUpdate: boolean;
}

/** What it ends with: the operation that messages and the printed program name. */
export function originOf(part: Part): Op {
  return part.stores.at(-1)!.origin;
}

/** The tensors in buffers that it reads. */
export function readBy(part: Part): ReadonlySet<Tensor> {
  return new Set(loadsOf(part.stores.map((store) => store.value)).map((load) => load.tensor).filter(isShared));
}

/** The tensors in buffers that it writes. */
export function writtenBy(part: Part): ReadonlySet<Tensor> {
  return new Set(part.stores.map((store) => store.tensor).filter(isShared));
}

/** The tables that a row keeps while it is computed. */
export function tablesOf(part: Part): readonly Tensor[] {
  return part.stores.map((store) => store.tensor).filter((tensor) => tensor.storage === "local");
}

function isShared(tensor: Tensor): boolean {
  return tensor.storage !== "local";
}

/** All tensors that it touches. */
export function touchedBy(part: Part): ReadonlySet<Tensor> {
  return new Set([...readBy(part), ...writtenBy(part)]);
}

export function hasFolds(part: Part): boolean {
  return reachable(part.stores.map((store) => store.value)).some((scalar) => scalar.kind === "fold");
}
