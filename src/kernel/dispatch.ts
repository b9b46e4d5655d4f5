/** Puts pieces that need nothing of each other into one dispatch. */

import type { Device } from "./device.js";
import { readBy, touchedBy, writtenBy } from "./part.js";
import type { Dispatch, Piece } from "./program.js";
import { groupThreads } from "./schedule.js";
import type { Tensor } from "./tensor.js";

/** More pieces than this make a kernel that no one reads, and that compiles slowly. */
export const mostPieces = 12;

/** Dispatches for pieces that are given in an order that keeps every tensor written before it is read. */
export function dispatches(pieces: readonly Piece[], device: Device, most: number): readonly Dispatch[] {
  const open: { pieces: Piece[]; kind: string; tensors: Set<Tensor>; groups: number }[] = [];
  const writtenIn = new Map<Tensor, number>();
  for (const piece of pieces) {
    const reads = readBy(piece.part);
    const first = Math.max(-1, ...[...reads].map((tensor) => (tensor.storage === "slot" ? -1 : (writtenIn.get(tensor) ?? -1)))) + 1;
    const kind = `${piece.schedule.kind} ${threadsOf(piece)}`;
    const touched = touchedBy(piece.part);
    let at = open.findIndex((dispatch, i) => {
      if (i < first || dispatch.kind !== kind || dispatch.pieces.length >= most) return false;
      const tensors = new Set([...dispatch.tensors, ...touched]);
      return bindingsNeeded(tensors) <= device.maxBuffers && dispatch.groups + piece.groups <= device.maxGroups;
    });
    if (at < 0) at = open.push({ pieces: [], kind, tensors: new Set(), groups: 0 }) - 1;
    const chosen = open[at]!;
    chosen.pieces.push(piece);
    chosen.groups += piece.groups;
    for (const tensor of touched) chosen.tensors.add(tensor);
    for (const tensor of writtenBy(piece.part)) writtenIn.set(tensor, Math.max(at, writtenIn.get(tensor) ?? -1));
  }
  return open.map((dispatch) => ({ pieces: dispatch.pieces, threads: threadsOf(dispatch.pieces[0]!) }));
}

/** Slots that are only read can be bound as two ranges at worst, inputs and results as one each. */
function bindingsNeeded(tensors: ReadonlySet<Tensor>): number {
  const count = (storage: Tensor["storage"]) => [...tensors].filter((tensor) => tensor.storage === storage).length;
  return count("temporary") + Math.min(2, count("slot")) + Math.min(1, count("input")) + Math.min(1, count("result"));
}

export function threadsOf({ schedule }: Piece): number {
  return schedule.kind === "fold" ? groupThreads : schedule.threadsM * schedule.threadsN;
}
