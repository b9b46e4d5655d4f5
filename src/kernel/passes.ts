/** In which order a row is computed: sums over it come in passes. */

import type { Variable } from "./coordinate.js";
import type { Store } from "./part.js";
import { type Fold, type Scalar, partsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Loops of one pass over a row: what is summed and what is stored in it. */
export interface Pass {
  readonly level: number;
  readonly loops: readonly Variable[];
  readonly folds: Fold[];
  readonly stores: Store[];
}

/**
 * The passes over a row: a sum whose terms need another sum runs after it, and what shares its loop runs with it. Stores without
 * columns are in none: they come at the end.
 */
export function passesOf(stores: readonly Store[], rows: readonly Variable[]): readonly Pass[] {
  const levels = new Map<Scalar, number>();
  const isRowLevel = (scalar: Scalar) => [...scalar.free].every((loop) => rows.includes(loop));
  const passes: Pass[] = [];
  const filled = new Map<Tensor, number>();
  const passFor = (level: number, loops: readonly Variable[]): Pass => {
    const known = passes.find((pass) => pass.level === level && pass.loops.length === loops.length && pass.loops.every((loop, i) => loop === loops[i]));
    if (known !== undefined) return known;
    const made: Pass = { level, loops, folds: [], stores: [] };
    passes.push(made);
    return made;
  };
  const measure = (scalar: Scalar): void => {
    const own = scalar.kind === "load" ? (filled.get(scalar.tensor) ?? 0) : 0;
    const below = Math.max(own, ...partsOf(scalar).map((part) => levels.get(part)!));
    const isPass = scalar.kind === "fold" && isRowLevel(scalar);
    levels.set(scalar, isPass ? below + 1 : below);
    if (isPass) passFor(below, scalar.over).folds.push(scalar);
  };
  // Tables come first among the stores; what reads one waits for the pass that fills it.
  for (const store of stores) {
    for (const scalar of reachable([store.value])) if (!levels.has(scalar)) measure(scalar);
    if (store.columns.length === 0) continue;
    const level = levels.get(store.value)!;
    passFor(level, store.columns).stores.push(store);
    if (store.tensor.storage === "local") filled.set(store.tensor, level + 1);
  }
  return passes.sort((a, b) => a.level - b.level);
}
