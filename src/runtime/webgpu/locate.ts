/** What the search for a value that is not finite asks of a GPU. */

import { Search, type SearchedDispatch } from "../search.js";
import type { Buffers, Transfer } from "./buffers.js";
import type { BufferName, PlannedDispatch, TensorRange } from "./plan.js";

/** @param slots what lies in the buffer `slots`. */
export function searchIn(transfer: Transfer, buffers: Buffers, slots: readonly TensorRange[]): Search<BufferName> {
  return new Search<BufferName>({
    read: (buffer, offset, size, take) => transfer.read(buffers[buffer]!, offset, size, take),
    slotAt: (buffer, at) => (buffer === "slots" ? slots.find(({ offset, elements }) => at >= offset && at < offset + elements * 4)?.name : undefined),
  });
}

export function searched({ bindings, outputs }: PlannedDispatch): SearchedDispatch<BufferName> {
  return { reads: bindings.map(({ buffer, offset, size }) => ({ buffer, start: offset, end: offset + size })), outputs };
}
