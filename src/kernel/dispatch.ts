/** Puts pieces that need nothing of each other into one dispatch. */

import type { Device } from "./device.js";
import { readBy, tablesOf, touchedBy, writtenBy } from "./part.js";
import type { Dispatch, Piece } from "./program.js";
import { foldBytes, groupThreads } from "./schedule.js";
import { type Tensor, tensorBytes } from "./tensor.js";
import { type Item, inTurns } from "./turns.js";

/** More pieces than this make a kernel that no one reads, and that compiles slowly. */
export const mostPieces = 12;

/** How tensors are bound: several may lie in one that is bound as a whole. */
export type WholeOf = (tensor: Tensor) => Tensor;

/**
 * Dispatches for pieces that are given in an order that keeps every tensor written before it is read. Pieces that nothing waits
 * for, such as a weight's gradient, are placed when all others are: they go wherever there is room.
 */
export function dispatches(pieces: readonly Piece[], device: Device, most: number, wholeOf: WholeOf): readonly Dispatch[] {
  const items = device.takesTurns ? inTurns(pieces) : pieces.map((piece): Item => ({ pieces: [piece] }));
  const open: { pieces: Piece[]; kind: string; turns: number | undefined; tensors: Set<Tensor>; groups: number; tables: number }[] = [];
  const writtenIn = new Map<Tensor, number>();
  const patient = patientItems(items);
  for (const item of [...items.filter((own) => !patient.has(own)), ...items.filter((own) => patient.has(own))]) {
    const [reads, written] = [readByItem(item), writtenByItem(item)];
    const first = Math.max(-1, ...[...reads].map((tensor) => (tensor.storage === "slot" ? -1 : (writtenIn.get(tensor) ?? -1)))) + 1;
    const [piece] = item.pieces as readonly [Piece, ...Piece[]];
    const kind = `${piece.schedule.kind} ${threadsOf(piece)}`;
    const touched = new Set(item.pieces.flatMap(({ part }) => [...touchedBy(part)]));
    const tables = item.pieces.reduce((bytes, own) => bytes + tableBytes(own), 0);
    const groups = item.pieces.reduce((total, own) => total + own.groups, 0);
    let at = open.findIndex((dispatch, i) => {
      if (i < first || dispatch.turns !== undefined || item.turns !== undefined || dispatch.kind !== kind || dispatch.pieces.length >= most) return false;
      if (tables > 0 && dispatch.tables + tables > device.sharedBytes - foldBytes) return false;
      const tensors = new Set([...dispatch.tensors, ...touched]);
      return bindingsNeeded(tensors, wholeOf, device) <= device.maxBuffers && dispatch.groups + groups <= device.maxGroups ** 2;
    });
    if (at < 0) at = open.push({ pieces: [], kind, turns: item.turns, tensors: new Set(), groups: 0, tables: 0 }) - 1;
    const chosen = open[at]!;
    chosen.pieces.push(...item.pieces);
    chosen.groups += groups;
    chosen.tables += tables;
    for (const tensor of touched) chosen.tensors.add(tensor);
    for (const tensor of written) writtenIn.set(tensor, Math.max(at, writtenIn.get(tensor) ?? -1));
  }
  return open.map(({ pieces: own, turns }) => ({ pieces: own, threads: threadsOf(own[0]!), ...(turns === undefined ? {} : { turns }) }));
}

function writtenByItem({ pieces }: Item): ReadonlySet<Tensor> {
  return new Set(pieces.flatMap(({ part }) => [...writtenBy(part)]));
}

/** What an item reads that it does not write itself. */
function readByItem(item: Item): ReadonlySet<Tensor> {
  const written = item.turns === undefined ? new Set<Tensor>() : writtenByItem(item);
  return new Set(item.pieces.flatMap(({ part }) => [...readBy(part)]).filter((tensor) => !written.has(tensor)));
}

/** Items that lead to none on the longest way from the first one to the last. */
function patientItems(items: readonly Item[]): ReadonlySet<Item> {
  const writers = new Map<Tensor, Item[]>();
  for (const item of items) for (const tensor of writtenByItem(item)) writers.set(tensor, [...(writers.get(tensor) ?? []), item]);
  const producers = new Map(items.map((item) => [item, [...readByItem(item)].flatMap((tensor) => writers.get(tensor) ?? [])]));
  const early = new Map<Item, number>();
  for (const item of items) early.set(item, Math.max(-1, ...producers.get(item)!.map((own) => early.get(own)!)) + 1);
  const last = Math.max(0, ...early.values());
  const late = new Map<Item, number>(items.map((item) => [item, last]));
  const awaited = new Set<Item>();
  for (const item of items.toReversed()) {
    if (late.get(item) === early.get(item)) awaited.add(item);
    for (const producer of producers.get(item)!) {
      late.set(producer, Math.min(late.get(producer)!, late.get(item)! - 1));
      if (awaited.has(item)) awaited.add(producer);
    }
  }
  return new Set(items.filter((item) => !awaited.has(item)));
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
