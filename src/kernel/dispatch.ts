/** Puts pieces that need nothing of each other into one dispatch. */

import type { Device } from "./device.js";
import { readBy, tablesOf, touchedBy, writtenBy } from "./part.js";
import type { Dispatch, Piece } from "./program.js";
import { foldBytes, groupThreads } from "./schedule.js";
import { type Tensor, tensorBytes } from "./tensor.js";

/** More pieces than this make a kernel that no one reads, and that compiles slowly. */
export const mostPieces = 12;

/** How tensors are bound: several may lie in one that is bound as a whole. */
export type WholeOf = (tensor: Tensor) => Tensor;

/**
 * Dispatches for pieces that are given in an order that keeps every tensor written before it is read. Pieces that nothing waits
 * for, such as a weight's gradient, are placed when all others are: they go wherever there is room.
 */
export function dispatches(pieces: readonly Piece[], device: Device, most: number, wholeOf: WholeOf): readonly Dispatch[] {
  const open: { pieces: Piece[]; kind: string; tensors: Set<Tensor>; groups: number; tables: number }[] = [];
  const writtenIn = new Map<Tensor, number>();
  const patient = patientPieces(pieces);
  for (const piece of [...pieces.filter((own) => !patient.has(own)), ...pieces.filter((own) => patient.has(own))]) {
    const reads = readBy(piece.part);
    const first = Math.max(-1, ...[...reads].map((tensor) => (tensor.storage === "slot" ? -1 : (writtenIn.get(tensor) ?? -1)))) + 1;
    const kind = `${piece.schedule.kind} ${threadsOf(piece)}`;
    const touched = touchedBy(piece.part);
    const tables = tableBytes(piece);
    let at = open.findIndex((dispatch, i) => {
      if (i < first || dispatch.kind !== kind || dispatch.pieces.length >= most) return false;
      if (tables > 0 && dispatch.tables + tables > device.sharedBytes - foldBytes) return false;
      const tensors = new Set([...dispatch.tensors, ...touched]);
      return bindingsNeeded(tensors, wholeOf, device) <= device.maxBuffers && dispatch.groups + piece.groups <= device.maxGroups ** 2;
    });
    if (at < 0) at = open.push({ pieces: [], kind, tensors: new Set(), groups: 0, tables: 0 }) - 1;
    const chosen = open[at]!;
    chosen.pieces.push(piece);
    chosen.groups += piece.groups;
    chosen.tables += tables;
    for (const tensor of touched) chosen.tensors.add(tensor);
    for (const tensor of writtenBy(piece.part)) writtenIn.set(tensor, Math.max(at, writtenIn.get(tensor) ?? -1));
  }
  return open.map((dispatch) => ({ pieces: dispatch.pieces, threads: threadsOf(dispatch.pieces[0]!) }));
}

/** Pieces that lead to none on the longest way from the first piece to the last. */
function patientPieces(pieces: readonly Piece[]): ReadonlySet<Piece> {
  const writers = new Map<Tensor, Piece[]>();
  for (const piece of pieces) for (const tensor of writtenBy(piece.part)) writers.set(tensor, [...(writers.get(tensor) ?? []), piece]);
  const producers = new Map(pieces.map((piece) => [piece, [...readBy(piece.part)].flatMap((tensor) => writers.get(tensor) ?? [])]));
  const early = new Map<Piece, number>();
  for (const piece of pieces) early.set(piece, Math.max(-1, ...producers.get(piece)!.map((own) => early.get(own)!)) + 1);
  const last = Math.max(0, ...early.values());
  const late = new Map<Piece, number>(pieces.map((piece) => [piece, last]));
  const awaited = new Set<Piece>();
  for (const piece of pieces.toReversed()) {
    if (late.get(piece) === early.get(piece)) awaited.add(piece);
    for (const producer of producers.get(piece)!) {
      late.set(producer, Math.min(late.get(producer)!, late.get(piece)! - 1));
      if (awaited.has(piece)) awaited.add(producer);
    }
  }
  return new Set(pieces.filter((piece) => !awaited.has(piece)));
}

/** Slots that are only read can be bound as two ranges at worst, inputs and results as one each. */
function bindingsNeeded(tensors: ReadonlySet<Tensor>, wholeOf: WholeOf, device: Device): number {
  const of = (storage: Tensor["storage"]) => [...tensors].filter((tensor) => tensor.storage === storage);
  const slots = of("slot");
  const bytes = slots.reduce((total, tensor) => total + tensorBytes(tensor), 0);
  const slotRanges = bytes > device.maxBinding ? slots.length : Math.min(2, slots.length);
  const temporaries = new Set(of("temporary").map(wholeOf)).size;
  return temporaries + slotRanges + Math.min(1, of("input").length) + Math.min(1, of("result").length);
}

/** Bytes of shared memory that the tables of a piece's rows take. Each piece of a dispatch has its own. */
function tableBytes({ part, schedule }: Piece): number {
  if (schedule.kind !== "fold" || schedule.lanes === 1) return 0;
  return (groupThreads / schedule.lanes) * tablesOf(part).reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);
}

export function threadsOf({ schedule }: Piece): number {
  return schedule.kind === "fold" ? groupThreads : schedule.threadsM * schedule.threadsN;
}
