/** The rules of updates: each changes whole slots, no two the same one, and what they read is still as it was. */

import { IrError } from "../ir/types.js";
import { range } from "./coordinate.js";
import { address } from "./normalise.js";
import type { Store } from "./part.js";
import type { Dispatch, Piece, Placement } from "./program.js";
import { type Reach, areDisjoint, bytesIn, endOf, reachOf } from "./reach.js";
import { type Load, loadsOf } from "./scalar.js";
import { type Tensor, tensorBytes } from "./tensor.js";
import { widthOf } from "./verify-piece.js";

interface Change {
  readonly piece: Piece;
  readonly store: Store;
  readonly reach: Reach;
}

/**
 * @param locate does a check, and names the piece in the error that it throws.
 * @throws IrError when the result would depend on the order of the updates.
 */
export function verifyUpdates(updates: readonly Dispatch[], placements: ReadonlyMap<Tensor, Placement>, locate: (piece: Piece, check: () => void) => void): void {
  const pieces = updates.flatMap((dispatch) => dispatch.pieces);
  const changes = pieces.flatMap((piece) =>
    piece.part.stores.filter((store) => store.tensor.storage === "slot").map((store): Change => ({ piece, store, reach: reachIn(store, placements) })));
  checkOnce(changes, locate);
  checkWhole(changes, locate);
  for (const piece of pieces) locate(piece, () => checkReads(piece, changes, placements));
}

/** The bytes of `slots` at the address of a store, or that the one of a load may have. */
function reachIn({ tensor, at }: Pick<Store, "tensor" | "at">, placements: ReadonlyMap<Tensor, Placement>): Reach {
  const [width, { offset }] = [widthOf(tensor), placements.get(tensor)!];
  const exact = reachOf(address(at), width, offset);
  if (exact !== undefined) return exact;
  const { low, high } = range(address(at));
  return { start: offset + width * low, steps: [{ stride: 1, extent: width * (high - low + 1) }] };
}

function checkOnce(changes: readonly Change[], locate: (piece: Piece, check: () => void) => void): void {
  let open: Change[] = [];
  for (const change of [...changes].sort((a, b) => a.reach.start - b.reach.start)) {
    open = open.filter((other) => endOf(other.reach) > change.reach.start);
    const rival = open.find((other) => !areDisjoint(other.reach, change.reach));
    if (rival !== undefined) {
      locate(change.piece, () => {
        const { tensor } = change.store;
        const also = rival.store.tensor === tensor ? "" : ` within ${rival.store.tensor.name}`;
        throw new IrError(`${tensor.name} is updated twice${also}`);
      });
    }
    open.push(change);
  }
}

function checkWhole(changes: readonly Change[], locate: (piece: Piece, check: () => void) => void): void {
  const sums = new Map<Tensor, { piece: Piece; bytes: number }>();
  for (const { piece, store, reach } of changes) sums.set(store.tensor, { piece, bytes: bytesIn(reach) + (sums.get(store.tensor)?.bytes ?? 0) });
  for (const [tensor, { piece, bytes }] of sums) {
    const whole = tensorBytes(tensor);
    if (bytes !== whole) locate(piece, () => { throw new IrError(`${bytes} of ${whole} bytes of ${tensor.name} are updated`); });
  }
}

function checkReads(piece: Piece, changes: readonly Change[], placements: ReadonlyMap<Tensor, Placement>): void {
  const { stores } = piece.part;
  const loads = loadsOf(stores.map((store) => store.value)).filter((load) => load.tensor.storage === "slot");
  for (const load of loads) {
    const reach = reachIn(load, placements);
    for (const change of changes) {
      if (areDisjoint(reach, change.reach)) continue;
      if (change.piece !== piece) throw new IrError(`${load.tensor.name} is read while another update changes it`);
      checkOwn(load, change.store);
    }
  }
}

/** An update may read the element that it changes, and no other: all its values are computed before any is stored. */
function checkOwn(load: Load, store: Store): void {
  const { tensor } = load;
  if (store.tensor !== tensor || store.columns.length > 0 || address(store.at).key !== address(load.at).key) {
    throw new IrError(`${tensor.name} is read at other elements than the one that is changed there`);
  }
}
