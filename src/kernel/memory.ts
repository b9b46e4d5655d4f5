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

/**
 * Offsets of an entry's temporaries in the arena. Two share bytes only when one is last read in an earlier dispatch than the
 * other is first written: within a dispatch nothing is ordered. Large tensors are placed first, each at the lowest free place.
 * @param wholeOf the tensor that another one lies in, where it does.
 */
export function arena(dispatches: readonly Dispatch[], wholeOf: (tensor: Tensor) => Tensor): { offsets: ReadonlyMap<Tensor, number>; bytes: number } {
  const lifetimes = lifetimesOf(dispatches, wholeOf);
  const placed: { lifetime: Lifetime; offset: number; bytes: number }[] = [];
  const offsets = new Map<Tensor, number>();
  let bytes = 0;
  for (const lifetime of [...lifetimes].sort((a, b) => tensorBytes(b.tensor) - tensorBytes(a.tensor) || a.first - b.first)) {
    const size = aligned(tensorBytes(lifetime.tensor));
    const rivals = placed.filter((other) => other.lifetime.first <= lifetime.last && other.lifetime.last >= lifetime.first).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (rival.offset >= offset + size) break;
      offset = Math.max(offset, rival.offset + rival.bytes);
    }
    placed.push({ lifetime, offset, bytes: size });
    offsets.set(lifetime.tensor, offset);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes };
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
