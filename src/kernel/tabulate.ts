/**
 * Tables of a row: what is expensive and needed at several places of a row's loops is computed once for each element and kept
 * beside the row while it is computed. So a kernel for one row of attention computes its scores once, sums them, and uses
 * them for every column of the result, and no matrix of scores is stored.
 */

import { type Coordinate, type Variable, at, numberOf } from "./coordinate.js";
import { type LoopPool, loopPool, shareLoops, shareWithin } from "./normalise.js";
import type { Part, Store } from "./part.js";
import { size } from "./product.js";
import { type Fold, type Scalar, type Scalars, partsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Columns that are worth sharing a row's tables. */
const fewestColumns = 4;

/**
 * A part whose sums contain other sums that do not depend on all of its rows: the rows that they do not depend on become columns,
 * so that a row computes them once for all of these.
 */
export function factored(part: Part): Part {
  const { rows } = part;
  const inner = innerFolds(part);
  if (inner.length === 0) return part;
  const needed = rows.filter((loop) => inner.some((fold) => fold.free.has(loop)));
  const columns = rows.filter((loop) => !needed.includes(loop));
  if (size(columns) < fewestColumns) return part;
  return { ...part, rows: needed, stores: part.stores.map((store) => ({ ...store, columns: [...store.columns, ...columns] })) };
}

/** Folds within loops: those that depend on more than the rows. */
function innerFolds(part: Part): readonly Fold[] {
  const folds = reachable(part.stores.map((store) => store.value)).filter((scalar): scalar is Fold => scalar.kind === "fold");
  return folds.filter((fold) => [...fold.free].some((loop) => !part.rows.includes(loop)));
}

/** A normalised part with tables for what its loops would compute again. */
export function tabulated(part: Part, scalars: Scalars): Part {
  if (part.kind === "product" || innerFolds(part).length === 0) return part;
  // Equal loops of the part and of its tables must have equal variables, for equal values to be one.
  const pool = loopPool();
  const shared = shareLoops(part, scalars, pool);
  const maker = new Tables(shared, scalars, pool);
  for (const store of shared.stores) maker.visit(store.value);
  return maker.finish();
}

class Tables {
  /** What tables hold, over the loops that they are filled in. */
  private readonly held = new Map<Scalar, { readonly tensor: Tensor; readonly loops: readonly Variable[] }>();
  /** The loads that stand for scalars that are held. */
  private readonly loads = new Map<Scalar, Scalar>();
  private readonly isCostly = new Map<Scalar, boolean>();
  private readonly seen = new Set<Scalar>();

  constructor(
    private readonly part: Part,
    private readonly scalars: Scalars,
    private readonly pool: LoopPool,
  ) {}

  /** The variables that a scalar depends on besides the rows. */
  private others(scalar: Scalar): readonly Variable[] {
    return [...scalar.free].filter((loop) => !this.part.rows.includes(loop));
  }

  /** Whether a scalar contains a sum that depends on a loop. */
  private costly(scalar: Scalar): boolean {
    const known = this.isCostly.get(scalar);
    if (known !== undefined) return known;
    const isOwn = scalar.kind === "fold" && this.others(scalar).length > 0;
    const result = isOwn || partsOf(scalar).some((own) => this.costly(own));
    this.isCostly.set(scalar, result);
    return result;
  }

  /** Looks in a scalar for folds whose bodies deserve tables. */
  visit(scalar: Scalar): void {
    if (this.seen.has(scalar)) return;
    this.seen.add(scalar);
    partsOf(scalar).forEach((own) => this.visit(own));
    if (scalar.kind !== "fold") return;
    // A sum over the row runs once, and keeps the sums in it alone; one that is repeated for every column keeps all that it can.
    const isOnce = this.others(scalar).length === 0;
    this.keep(scalar.body, scalar.over, !isOnce);
  }

  /** Makes tables of parts of `scalar` that depend on `over` alone and cost something: the largest ones, or only the sums. */
  private keep(scalar: Scalar, over: readonly Variable[], isLargest: boolean): void {
    if (!this.costly(scalar)) return;
    const others = this.others(scalar);
    const isAlone = others.length > 0 && others.every((loop) => over.includes(loop));
    if (isAlone && (isLargest || scalar.kind === "fold")) this.make(scalar, over);
    else if (scalar.kind !== "fold") partsOf(scalar).forEach((own) => this.keep(own, over, isLargest));
  }

  private make(scalar: Scalar, over: readonly Variable[]): void {
    const loops = this.pool(0, over);
    const moved = this.scalars.substitute(scalar, new Map(over.map((loop, i) => [loop, at(loops[i]!)])));
    const canonical = shareWithin(moved, new Map(), new Map(loops.map((loop) => [loop, 0])), this.scalars, this.pool);
    let entry = this.held.get(canonical);
    if (entry === undefined) {
      const axes = [{ name: "element", extent: size(over) }];
      entry = { tensor: { name: `table${this.held.size}`, storage: "local", dtype: canonical.dtype, half: false, axes }, loops };
      this.held.set(canonical, entry);
      this.loads.set(canonical, this.scalars.load(entry.tensor, [numberIn(loops)]));
    }
    this.loads.set(scalar, this.scalars.load(entry.tensor, [numberIn(over)]));
  }

  /** A scalar with tables in place of what they hold; `self` is not replaced as a whole. */
  private replaced(scalar: Scalar, self?: Scalar): Scalar {
    return this.scalars.rewrite(scalar, { whole: (own) => (own === self ? undefined : this.loads.get(own)) });
  }

  /** The part with its tables filled first, the simplest before those that are computed from others. */
  finish(): Part {
    const ordered = [...this.held].sort(([a], [b]) => reachable([a]).length - reachable([b]).length);
    const tables = ordered.map(([value, { tensor, loops }]): Store => ({ tensor, at: [numberIn(loops)], columns: loops, value: this.replaced(value, value), origin: this.part.stores[0]!.origin }));
    const stores = this.part.stores.map((store): Store => ({ ...store, value: this.replaced(store.value) }));
    return { ...this.part, stores: [...tables, ...stores] };
  }
}

/** The number of an element of loops. */
function numberIn(loops: readonly Variable[]): Coordinate {
  return numberOf(loops.map((loop) => loop.extent), loops.map(at));
}
