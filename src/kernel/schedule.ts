/** Chooses how a normalised part is divided among threads, from its loops and the device. */

import type { Variable } from "./coordinate.js";
import type { Device } from "./device.js";
import { type Part, hasFolds, tablesOf } from "./part.js";
import { type Product, exchanged, productOf, size } from "./product.js";
import type { FoldSchedule, Matrix, Piece, ProductSchedule } from "./program.js";
import { type Fold, type Scalar, loadsOf, reachable } from "./scalar.js";
import { tensorBytes } from "./tensor.js";

/** Threads of a group that works by rows. */
export const groupThreads = 64;
/** Bytes of shared memory that sums over a row pass through: a number of each kind for every thread. */
export const foldBytes = 8 * groupThreads;

export function scheduled(part: Part, device: Device): Piece {
  const products = part.kind === "product" ? productsOf(part) : undefined;
  if (products !== undefined) {
    const schedule = productSchedule(products[0]!, products.length, device);
    return { part, schedule, groups: tiles(products[0]!, schedule) };
  }
  const own: Part = { ...part, kind: "fold" };
  const schedule = foldSchedule(own, device);
  return { part: own, schedule, groups: Math.ceil((size(own.rows) * schedule.lanes) / (groupThreads * schedule.rowsPerThread)) };
}

/**
 * The products that a part computes, all with the same rows as `m` and the same as `n`, so that the rows that lie side by side in
 * memory are `n`. Undefined when they do not go together.
 */
export function productsOf(part: Part): readonly Product[] | undefined {
  const folds = reachable(part.stores.map((store) => store.value)).filter((scalar): scalar is Fold => scalar.kind === "fold");
  const last = part.rows.at(-1);
  const result: Product[] = [];
  for (const fold of folds) {
    let product = productOf(fold, part.rows);
    if (product === undefined) return undefined;
    const first = result[0];
    if (first === undefined ? product.m.includes(last!) : !sameLoops(product.n, first.n)) product = exchanged(product);
    if (first !== undefined && !(sameLoops(product.m, first.m) && sameLoops(product.n, first.n))) return undefined;
    result.push(product);
  }
  return result.length === 0 ? undefined : result;
}

function sameLoops(left: readonly Variable[], right: readonly Variable[]): boolean {
  return left.length === right.length && left.every((loop, i) => loop === right[i]);
}

/** How many groups of threads a product takes: one for each shared tile, or as many as it takes for every thread's own tile. */
export function tiles({ batch, m, n }: Product, { threadsM, threadsN, microM, microN, isShared }: ProductSchedule): number {
  if (isShared) return size(batch) * Math.ceil(size(m) / (threadsM * microM)) * Math.ceil(size(n) / (threadsN * microN));
  return Math.ceil((size(batch) * Math.ceil(size(m) / microM) * Math.ceil(size(n) / microN)) / (threadsM * threadsN));
}

/** Tiles from the largest down. */
const shapes: readonly ProductSchedule[] = [
  { kind: "product", threadsM: 16, threadsN: 16, microM: 8, microN: 8, stepK: 8, isShared: true },
  { kind: "product", threadsM: 16, threadsN: 16, microM: 4, microN: 4, stepK: 16, isShared: true },
  { kind: "product", threadsM: 8, threadsN: 8, microM: 4, microN: 4, stepK: 16, isShared: true },
];

function productSchedule(product: Product, count: number, device: Device): ProductSchedule {
  if (!device.cooperates) return processorSchedule(product, count);
  if (device.matrix !== undefined && count === 1 && [product.m, product.n, product.inner].every((loops) => size(loops) >= leastMatrix)) {
    return matrixSchedule(device.matrix);
  }
  const fitting = shapes.filter((shape) => {
    const { threadsM, threadsN, microM, microN, stepK } = shape;
    const shared = 4 * stepK * (threadsM * microM + threadsN * microN);
    return threadsM * threadsN <= device.maxThreads && shared <= device.sharedBytes && microM * microN * count <= 64;
  });
  const isBusy = (shape: ProductSchedule) => tiles(product, shape) * shape.threadsM * shape.threadsN >= device.parallelism;
  const busy = fitting.filter(isBusy);
  // What is computed beyond the edges is lost: of the tiles that keep the device busy, the largest that loses little.
  const computed = (shape: ProductSchedule) => tiles(product, shape) * shape.threadsM * shape.microM * shape.threadsN * shape.microN;
  const least = Math.min(...busy.map(computed));
  return busy.find((shape) => computed(shape) <= littleLoss * least) ?? fitting.at(-1)!;
}

const littleLoss = 1.25;

/** Extents from which on subgroup matrices are worth their detour through shared memory. */
const leastMatrix = 32;

/** Four subgroups, two by two, each of which computes two by two matrices. */
function matrixSchedule(matrix: Matrix): ProductSchedule {
  const { m, n, k, subgroup } = matrix;
  const threads = 4 * subgroup;
  const threadsN = 2 ** Math.floor(Math.log2(Math.sqrt(threads)));
  return { kind: "product", threadsM: threads / threadsN, threadsN, microM: (4 * m * threadsN) / threads, microN: (4 * n) / threadsN, stepK: 2 * k, isShared: true, matrix };
}

/** Tiles of one thread, for processors. Larger ones load less, but no more sums than these stay near at hand. */
const microTiles: readonly (readonly [m: number, n: number])[] = [[8, 8], [4, 8], [4, 4], [2, 8], [2, 4], [1, 8], [1, 4]];

/**
 * Where threads share caches anyway, each one computes a tile in registers, straight from memory. Of the tiles, the one that
 * loads and multiplies least is taken: large ones load less, small ones waste less at the edges.
 */
function processorSchedule(product: Product, count: number): ProductSchedule {
  const work = ([m, n]: readonly [number, number]) => Math.ceil(size(product.m) / m) * Math.ceil(size(product.n) / n) * (m * n + loadCost * (m + n));
  const fitting = microTiles.filter(([m, n]) => m * n * count <= 64);
  const [microM, microN] = fitting.reduce((best, own) => (work(own) < work(best) ? own : best), fitting[0] ?? [4, 4]);
  return { kind: "product", threadsM: groupThreads, threadsN: 1, microM, microN, stepK: 1, isShared: false };
}
/** What a load costs, in multiplications. */
const loadCost = 8;

/** Rows that a thread of a processor takes where there are enough of them for so many groups. */
const rowsOfThread = 8;
const leastGroups = 8;

/** Elements that one lane is given before another is called in. */
const perLane = 8;

/** A thread for each row. */
const alone: FoldSchedule = { kind: "fold", lanes: 1, rowsPerThread: 1, rowsFirst: true };

function foldSchedule(part: Part, device: Device): FoldSchedule {
  const longest = Math.max(1, ...loopsOver(part).map(size));
  const rows = size(part.rows);
  if (!hasFolds(part) && part.stores.every((store) => store.columns.length === 0)) {
    // A thread of a processor takes several rows one after the other, and computes once what they share.
    const isMany = !device.cooperates && rows >= rowsOfThread * groupThreads * leastGroups;
    return { ...alone, rowsPerThread: isMany ? rowsOfThread : 1 };
  }
  // A row of one thread is the simplest, and where rows are enough to fill the device, neighbours may still share lines of memory.
  if (!device.cooperates) return alone;
  const tables = tablesOf(part).reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);
  if (tables > 0) {
    // The tables of a group's rows lie in its shared memory, beside what sums pass through.
    const rowsThatFit = Math.floor((device.sharedBytes - foldBytes) / tables);
    return { kind: "fold", lanes: Math.max(4, 2 ** Math.ceil(Math.log2(groupThreads / Math.max(1, rowsThatFit)))), rowsPerThread: 1, rowsFirst: false };
  }
  const wanted = Math.min(groupThreads, 2 ** Math.ceil(Math.log2(longest / perLane)));
  const isContiguous = runsAlongRows(part);
  const lanes = Math.max(1, isContiguous ? wanted : Math.min(wanted, 2 ** Math.ceil(Math.log2(Math.max(1, device.parallelism / rows)))));
  return { kind: "fold", lanes, rowsPerThread: 1, rowsFirst: !isContiguous };
}

/** The loops at the first depth: row sums and the columns of stores. */
function loopsOver(part: Part): readonly (readonly Variable[])[] {
  const folds = reachable(part.stores.map((store) => store.value)).filter((scalar): scalar is Fold => scalar.kind === "fold");
  return [...folds.map((fold) => fold.over), ...part.stores.map((store) => store.columns)];
}

/** Whether the elements of a row lie side by side in memory, rather than those of a column. */
function runsAlongRows(part: Part): boolean {
  const loads = loadsOf(part.stores.map((store): Scalar => store.value));
  const addresses = [...loads.map((load) => load.at[0]!), ...part.stores.map((store) => store.at[0]!)];
  let [rows, columns] = [0, 0];
  for (const address of addresses) {
    for (const { atom, factor } of address.terms) {
      if (atom.kind !== "variable" || Math.abs(factor) !== 1) continue;
      if (part.rows.includes(atom.variable)) rows++;
      else columns++;
    }
  }
  return columns >= rows;
}
