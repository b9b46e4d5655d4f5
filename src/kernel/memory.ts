/** Places tensors in buffers: slots, inputs and results side by side, temporaries in one arena by the time they are needed. */

import { readBy, writtenBy } from "./part.js";
import type { Dispatch } from "./program.js";
import { type Tensor, tensorBytes } from "./tensor.js";

/** Everything starts at a multiple of this many bytes, as bound ranges must. */
export const alignment = 256;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Offsets of tensors that lie one after the other. */
export function sideBySide(tensors: Iterable<Tensor>): { offsets: ReadonlyMap<Tensor, number>; bytes: number } {
  const offsets = new Map<Tensor, number>();
  let bytes = 0;
  for (const tensor of tensors) {
    offsets.set(tensor, bytes);
    bytes += aligned(tensorBytes(tensor));
  }
  return { offsets, bytes };
}

interface Lifetime {
  readonly tensor: Tensor;
  readonly first: number;
  last: number;
}

/** A place in one of the arenas, counted from 0. */
export interface ArenaPlace {
  readonly arena: number;
  readonly offset: number;
}

/**
 * Places of an entry's temporaries in the arenas. Two share bytes only when one is last read in an earlier dispatch than the
 * other is first written: within a dispatch nothing is ordered. Large tensors are placed first, each at the lowest free place
 * of the first arena that has one.
 * @param wholeOf the tensor that another one lies in, where it does.
 * @param most bytes of one arena.
 */
export function arena(dispatches: readonly Dispatch[], wholeOf: (tensor: Tensor) => Tensor, most: number): { places: ReadonlyMap<Tensor, ArenaPlace>; bytes: readonly number[] } {
  const placed: { lifetime: Lifetime; place: ArenaPlace; bytes: number }[] = [];
  const places = new Map<Tensor, ArenaPlace>();
  const bytes: number[] = [];
  for (const lifetime of [...lifetimesOf(dispatches, wholeOf)].sort((a, b) => tensorBytes(b.tensor) - tensorBytes(a.tensor) || a.first - b.first)) {
    const size = aligned(tensorBytes(lifetime.tensor));
    const rivals = placed.filter((other) => other.lifetime.first <= lifetime.last && other.lifetime.last >= lifetime.first).sort((a, b) => a.place.offset - b.place.offset);
    let place: ArenaPlace = { arena: 0, offset: 0 };
    for (;;) {
      place = { ...place, offset: lowest(rivals.filter((rival) => rival.place.arena === place.arena), size) };
      // What is larger than any arena is refused when it is bound.
      if (place.offset === 0 || place.offset + size <= most) break;
      place = { arena: place.arena + 1, offset: 0 };
    }
    placed.push({ lifetime, place, bytes: size });
    places.set(lifetime.tensor, place);
    bytes[place.arena] = Math.max(bytes[place.arena] ?? 0, place.offset + size);
  }
  return { places, bytes };
}

/** The lowest offset at which so many bytes are free. */
function lowest(rivals: readonly { place: ArenaPlace; bytes: number }[], size: number): number {
  let offset = 0;
  for (const rival of rivals) {
    if (rival.place.offset >= offset + size) break;
    offset = Math.max(offset, rival.place.offset + rival.bytes);
  }
  return offset;
}

function lifetimesOf(dispatches: readonly Dispatch[], wholeOf: (tensor: Tensor) => Tensor): Iterable<Lifetime> {
  const result = new Map<Tensor, Lifetime>();
  dispatches.forEach(({ pieces }, at) => {
    for (const { part } of pieces) {
      for (const tensor of [...writtenBy(part), ...readBy(part)]) {
        if (tensor.storage !== "temporary") continue;
        const whole = wholeOf(tensor);
        const known = result.get(whole);
        if (known === undefined) result.set(whole, { tensor: whole, first: at, last: at });
        else known.last = at;
      }
    }
  });
  return result.values();
}
