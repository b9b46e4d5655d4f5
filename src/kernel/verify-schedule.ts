/** The rules of schedules: every row and every tile has its threads, and a group keeps to what the device gives it. */

import { IrError } from "../ir/types.js";
import type { Device } from "./device.js";
import { tablesOf } from "./part.js";
import { size } from "./product.js";
import type { Dispatch, FoldSchedule, Piece, ProductSchedule } from "./program.js";
import { type Fold, reachable } from "./scalar.js";
import { groupThreads, productsOf } from "./schedule.js";
import { tensorBytes } from "./tensor.js";
import { isInTurns } from "./turns.js";

/** @throws IrError when a dispatch asks for more than the device has. */
export function verifyDispatch(dispatch: Dispatch, device: Device): void {
  const { pieces, threads, turns } = dispatch;
  if (turns !== undefined && !device.takesTurns) throw new IrError("it is done in turns, which this device does not take");
  if (turns !== undefined && !isInTurns(pieces, turns)) throw new IrError(`a turn of ${turns} needs what another one writes`);
  if (pieces.length === 0) throw new IrError("it has no pieces");
  if (threads > device.maxThreads) throw new IrError(`its groups have ${threads} threads, and this device's at most ${device.maxThreads}`);
  const groups = pieces.reduce((total, piece) => total + piece.groups, 0);
  if (groups > device.maxGroups ** 2) throw new IrError(`it has ${groups} groups, and this device takes at most ${device.maxGroups ** 2}`);
  const bytes = sharedBytes(dispatch);
  if (bytes > device.sharedBytes) throw new IrError(`its groups share ${bytes} bytes of memory, and this device's at most ${device.sharedBytes}`);
}

/** @param threads of a group. @throws IrError when the schedule does not fit the part. */
export function verifySchedule({ part, schedule, groups }: Piece, threads: number, device: Device): void {
  if (part.kind !== schedule.kind) throw new IrError(`a ${part.kind} has the schedule of a ${schedule.kind}`);
  const needed = schedule.kind === "fold" ? foldGroups(size(part.rows), schedule, threads) : productGroups(part, schedule, threads, device);
  if (groups !== needed) throw new IrError(`it takes ${groups} groups, and its rows need ${needed}`);
}

function foldGroups(rows: number, { lanes, rowsPerThread }: FoldSchedule, threads: number): number {
  if (threads !== groupThreads) throw new IrError(`rows are divided among groups of ${groupThreads} threads, and the group has ${threads}`);
  if (!Number.isInteger(Math.log2(lanes)) || threads % lanes !== 0) throw new IrError(`a row is divided among ${lanes} threads of ${threads}`);
  if (!Number.isInteger(rowsPerThread) || rowsPerThread < 1 || (rowsPerThread > 1 && lanes > 1)) throw new IrError(`${lanes} threads of a row take ${rowsPerThread} rows`);
  return Math.ceil((rows * lanes) / (threads * rowsPerThread));
}

function productGroups(part: Piece["part"], schedule: ProductSchedule, threads: number, device: Device): number {
  const { threadsM, threadsN, microM, microN, stepK, isShared, matrix } = schedule;
  if (threadsM * threadsN !== threads) throw new IrError(`a tile is divided among ${threadsM} by ${threadsN} threads, and the group has ${threads}`);
  const products = productsOf(part);
  if (products === undefined) throw new IrError("its sums are no products of one shape");
  const [tileM, tileN] = [threadsM * microM, threadsN * microN];
  if (matrix === undefined) {
    // Vectors of four are loaded, kept in registers and passed through shared memory.
    const inFours = isShared ? [microM, microN, stepK] : [microN];
    if (inFours.some((extent) => extent % 4 !== 0)) throw new IrError(`a tile of ${microM} by ${microN} a thread, in steps of ${stepK}, is not made of vectors of four`);
  } else {
    const isFitting = tileM === 4 * matrix.m && tileN === 4 * matrix.n && stepK % matrix.k === 0 && threads === 4 * matrix.subgroup && isShared;
    if (!isFitting || products.length > 1) throw new IrError(`a tile of ${tileM} by ${tileN}, in steps of ${stepK}, is not made of matrices of ${matrix.m} by ${matrix.n} by ${matrix.k}`);
    if (device.matrix === undefined) throw new IrError("this device multiplies no matrices");
  }
  const { batch, m, n } = products[0]!;
  if (isShared) return size(batch) * Math.ceil(size(m) / tileM) * Math.ceil(size(n) / tileN);
  return Math.ceil((size(batch) * Math.ceil(size(m) / microM) * Math.ceil(size(n) / microN)) / threads);
}

/**
 * Bytes that a group's threads share: of sums, of the tables of rows, and of the slabs of products. A group works at one piece, so
 * that products share their slabs.
 */
function sharedBytes({ pieces, threads }: Dispatch): number {
  const sums = new Set<string>();
  const slabs = { m: 0, n: 0, result: 0 };
  let tables = 0;
  for (const { part, schedule } of pieces) {
    if (schedule.kind === "product") {
      const own = slabBytes(schedule);
      for (const name of ["m", "n", "result"] as const) slabs[name] = Math.max(slabs[name], own[name]);
    } else if (schedule.lanes > 1) {
      const folds = reachable(part.stores.map((store) => store.value)).filter((scalar): scalar is Fold => scalar.kind === "fold");
      for (const fold of folds) if ([...fold.free].every((loop) => part.rows.includes(loop))) sums.add(fold.dtype);
      tables += (threads / schedule.lanes) * tablesOf(part).reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);
    }
  }
  return 4 * threads * sums.size + tables + slabs.m + slabs.n + slabs.result;
}

/** Of the two factors, and of the results of matrices, which pass through shared memory too. */
function slabBytes({ threadsM, threadsN, microM, microN, stepK, isShared, matrix }: ProductSchedule): { m: number; n: number; result: number } {
  const width = !isShared ? 0 : matrix === undefined ? 4 : 2;
  const slab = (threads: number, micro: number) => width * stepK * threads * micro;
  return { m: slab(threadsM, microM), n: slab(threadsN, microN), result: matrix === undefined ? 0 : 4 * 4 * matrix.m * matrix.n };
}
