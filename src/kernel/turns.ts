/**
 * Pieces that need one another, but only part for part: a product for each of many small matrices, what is computed from each, and
 * the products of that. One dispatch does them in turns, so that what one piece leaves for the next is still in the cache, and
 * nobody waits in between. So attention is computed head by head; nothing here knows it.
 */

import { elements } from "../ir/types.js";
import { type Coordinate, type Variable, range, termsOf } from "./coordinate.js";
import { address } from "./normalise.js";
import { type Part, readBy, touchedBy, writtenBy } from "./part.js";
import { size } from "./product.js";
import type { Piece } from "./program.js";
import { loadsOf } from "./scalar.js";
import { productsOf } from "./schedule.js";
import type { Tensor } from "./tensor.js";

/** Fewer turns than this cannot be shared out evenly among a few threads. */
const fewestTurns = 8;

/** Pieces that are dispatched together. */
export interface Item {
  readonly pieces: readonly Piece[];
  /** Set when they are done in turns. */
  readonly turns?: number;
}

/** The pieces, in an order that keeps every tensor written before it is read, with those together that can be done in turns. */
export function inTurns(pieces: readonly Piece[]): readonly Item[] {
  const taken = new Set<Piece>();
  const items: Item[] = [];
  pieces.forEach((first, start) => {
    if (taken.has(first)) return;
    const turns = batches(first.part);
    const chain = turns === undefined || turns < fewestTurns ? [first] : chainFrom(pieces, start, turns, taken);
    for (const piece of chain) taken.add(piece);
    items.push(chain.length === 1 || turns === undefined ? { pieces: [first] } : { pieces: chain, turns });
  });
  return items;
}

/** The products of so many pairs of matrices. */
function batches(part: Part): number | undefined {
  const [product] = (part.kind === "product" ? productsOf(part) : undefined) ?? [];
  return product === undefined || product.batch.length === 0 ? undefined : size(product.batch);
}

/** The piece at `start` and those that read what it leads to, and nothing that is written meanwhile by others. */
function chainFrom(pieces: readonly Piece[], start: number, turns: number, taken: ReadonlySet<Piece>): readonly Piece[] {
  const chain = [pieces[start]!];
  const own = new Set(writtenBy(chain[0]!.part));
  const others = new Set<Tensor>();
  for (const piece of pieces.slice(start + 1)) {
    const { part } = piece;
    const reads = [...readBy(part)];
    const isNext = !taken.has(piece) && reads.some((tensor) => own.has(tensor)) && !reads.some((tensor) => others.has(tensor));
    if (isNext && !part.isUpdate && isInTurns([...chain, piece], turns)) {
      chain.push(piece);
      for (const tensor of writtenBy(part)) own.add(tensor);
    } else for (const tensor of writtenBy(part)) others.add(tensor);
  }
  return chain;
}

/** Whether pieces can be done in so many turns: of what one writes and another touches, each touches in a turn only that turn's part. */
export function isInTurns(pieces: readonly Piece[], turns: number): boolean {
  const isShared = (tensor: Tensor) => pieces.some(({ part }) => writtenBy(part).has(tensor)) && pieces.filter(({ part }) => touchedBy(part).has(tensor)).length > 1;
  const shared = new Set(pieces.flatMap(({ part }) => [...writtenBy(part)]).filter(isShared));
  return pieces.every(({ part }) => {
    const lead = leadOf(part, turns);
    if (lead === undefined) return false;
    const loads = loadsOf(part.stores.map((store) => store.value)).filter((load) => shared.has(load.tensor));
    const touched = [...loads, ...part.stores.filter((store) => shared.has(store.tensor))];
    return touched.every(({ tensor, at }) => isParted(address(at), tensor, lead, turns));
  });
}

/** The loops whose values a turn fixes, and how many values of the last of them a turn has. */
export interface Lead {
  readonly loops: readonly Variable[];
  readonly perTurn: number;
}

/** The first rows, as many as there are turns; those of a product are its batch. Undefined when they do not come out even. */
export function leadOf(part: Part, turns: number): Lead | undefined {
  const [product] = (part.kind === "product" ? productsOf(part) : undefined) ?? [];
  const rows = product === undefined ? part.rows : product.batch;
  let count = 1;
  for (const [i, loop] of rows.entries()) {
    count *= loop.extent;
    if (count % turns === 0 && count / turns <= loop.extent) return { loops: rows.slice(0, i + 1), perTurn: count / turns };
    if (count >= turns) return undefined;
  }
  return undefined;
}

/** Whether an address lies, in each turn, in that turn's part of the tensor: the first turn's part comes first. */
function isParted(where: Coordinate, tensor: Tensor, { loops, perTurn }: Lead, turns: number): boolean {
  const part = elements(tensor.axes) / turns;
  if (!Number.isInteger(part)) return false;
  let stride = part;
  for (const [i, loop] of loops.toReversed().entries()) {
    const factor = where.terms.find(({ atom }) => atom.kind === "variable" && atom.variable === loop)?.factor ?? 0;
    // Of the last loop a turn has several values.
    if (i === 0 ? factor * perTurn !== stride : factor !== stride) return false;
    stride *= i === 0 ? loop.extent / perTurn : loop.extent;
  }
  const isLead = (loop: Variable) => loops.includes(loop);
  const rest = termsOf(where, ({ atom }) => !(atom.kind === "variable" && isLead(atom.variable)));
  const { low, high } = range(rest);
  const within = loops.at(-1)!;
  const factor = where.terms.find(({ atom }) => atom.kind === "variable" && atom.variable === within)?.factor ?? 0;
  return low + where.constant >= 0 && high + where.constant + factor * (perTurn - 1) < part;
}
