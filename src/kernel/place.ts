/** Gives every tensor of a kernel program its place in a buffer. */

import type { Device } from "./device.js";
import type { ProgramLeaves } from "./leaves.js";
import { alignment, arena, sideBySide } from "./memory.js";
import type { Pack } from "./pack.js";
import type { BufferName, EntryPlan, KernelProgram, Placement } from "./program.js";
import type { Tensor } from "./tensor.js";

/** An entry whose tensors have no places yet. */
export interface UnplacedEntry extends Omit<EntryPlan, "arenaBytes"> {
  readonly packs: readonly Pack[];
}

/** Slots, inputs and results lie side by side; each entry has the arenas for itself while it runs. */
export function placed(entries: readonly UnplacedEntry[], leaves: ProgramLeaves, device: Device): Pick<KernelProgram, "placements" | "buffers" | "entries"> {
  const placements = new Map<Tensor, Placement>();
  const buffers = new Map<BufferName, number>();
  const grow = (buffer: BufferName, bytes: number) => buffers.set(buffer, Math.max(buffers.get(buffer) ?? alignment, bytes));
  const place = (buffer: BufferName, tensors: Iterable<Tensor>) => {
    const { offsets, bytes } = sideBySide(tensors);
    offsets.forEach((offset, tensor) => placements.set(tensor, { buffer, offset }));
    grow(buffer, bytes);
  };
  const members = new Map(entries.flatMap(({ packs }) => packs.flatMap((pack) => pack.members.map(({ tensor, offset }) => [tensor, { pack: pack.tensor, offset }] as const))));
  const wholeOf = (tensor: Tensor) => members.get(tensor)?.pack ?? tensor;

  place("slots", new Set([...leaves.slots.values()].map(wholeOf)));
  place("inputs", [...leaves.inputs.values(), ...leaves.keys.values()]);
  for (const name of ["results", "arena"] as const) grow(name, alignment);
  const plans = new Map<string, EntryPlan>();
  for (const { name, dispatches, updates, results } of entries) {
    place("results", new Set(results.values()));
    const { places, bytes } = arena([...dispatches, ...updates], wholeOf, device.maxBuffer);
    places.forEach(({ arena: index, offset }, tensor) => placements.set(tensor, { buffer: arenaName(index), offset }));
    bytes.forEach((size, index) => grow(arenaName(index), size));
    plans.set(name, { name, dispatches, updates, results, arenaBytes: bytes.reduce((total, size) => total + size, 0) });
  }
  for (const [tensor, { pack, offset }] of members) {
    const own = placements.get(pack);
    if (own !== undefined) placements.set(tensor, { ...own, offset: own.offset + offset, whole: pack });
  }
  return { placements, buffers, entries: plans };
}

function arenaName(index: number): BufferName {
  return index === 0 ? "arena" : `arena${index}`;
}
