/** Recognises sums of products that tiles can compute. */

import type { Variable } from "./coordinate.js";
import type { Fold, Scalar } from "./scalar.js";

/** `Σ over inner of left · right`: the left factor varies along `m`, the right one along `n`, both along `batch`. */
export interface Product {
  readonly fold: Fold;
  readonly left: Scalar;
  readonly right: Scalar;
  readonly batch: readonly Variable[];
  readonly m: readonly Variable[];
  readonly n: readonly Variable[];
  readonly inner: readonly Variable[];
}

/** Fewer rows, columns or summands than this are not worth a tile. */
const fewest = 4;

/** The product that a fold is over `rows`, if it is one that is worth computing by tiles. */
export function productOf(fold: Fold, rows: readonly Variable[]): Product | undefined {
  const { body, over: inner } = fold;
  if (fold.combine !== "sum" || body.kind !== "apply" || body.operation !== "mul" || body.dtype !== "f32") return undefined;
  const [left, right] = body.operands as readonly [Scalar, Scalar];
  if (![left, right].every((factor) => isPlain(factor) && inner.every((loop) => factor.free.has(loop)))) return undefined;
  const batch = rows.filter((loop) => left.free.has(loop) && right.free.has(loop));
  const m = rows.filter((loop) => left.free.has(loop) && !right.free.has(loop));
  const n = rows.filter((loop) => right.free.has(loop) && !left.free.has(loop));
  if (batch.length + m.length + n.length !== rows.length) return undefined;
  if ([m, n, inner].some((loops) => size(loops) < fewest)) return undefined;
  return { fold, left, right, batch, m, n, inner };
}

/** The same product with its factors exchanged. */
export function exchanged(product: Product): Product {
  return { ...product, left: product.right, right: product.left, m: product.n, n: product.m };
}

/** A factor that is read, not computed. */
function isPlain(factor: Scalar): boolean {
  return factor.kind === "load" && factor.at.every((coordinate) => coordinate.terms.every((term) => term.atom.kind !== "value"));
}

export function size(loops: readonly Variable[]): number {
  return loops.reduce((product, loop) => product * loop.extent, 1);
}
