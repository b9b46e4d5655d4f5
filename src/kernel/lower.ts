/** From the IR to a kernel program. */

import type { Program } from "../ir/program.js";
import { slotTypes } from "../ir/slots.js";
import type { Device } from "./device.js";
import { dispatches, mostPieces } from "./dispatch.js";
import { fuse } from "./fuse.js";
import { zero } from "./coordinate.js";
import { alignment, arena, sideBySide } from "./memory.js";
import { normalise } from "./normalise.js";
import { bundles } from "./bundle.js";
import { packed } from "./pack.js";
import type { Part } from "./part.js";
import { type Leaves, type Parts, partsOfEntry } from "./parts.js";
import { prepare } from "./prepare.js";
import type { BufferName, EntryPlan, KernelProgram, Placement } from "./program.js";
import { scheduled } from "./schedule.js";
import { tabulated } from "./tabulate.js";
import type { Tensor } from "./tensor.js";
import { apart } from "./updates.js";

/** Lowers the named entries of a verified program. @throws IrError when an entry cannot be computed by kernels. */
export function lower(program: Program, adapter: Device, names: readonly string[] = ["initialise", "step", "evaluate"]): KernelProgram {
  const { matrix: _, ...plain } = adapter;
  // What takes 16 bits is for programs that ask for it.
  const device: Device = program.precision === "mixed" && adapter.half ? adapter : { ...plain, half: false };
  const slots = new Map<string, Tensor>();
  for (const { name, type } of [...program.parameters, ...program.states]) slots.set(name, { name, storage: "slot", half: false, ...type });
  const inputs = new Map<string, Tensor>();
  for (const { name, type } of program.inputs) inputs.set(name, { name, storage: "input", half: false, ...type });
  const keys = new Map<string, Tensor>();
  const leaves: Leaves = {
    slot: (name) => slots.get(name)!,
    input: (name) => inputs.get(name)!,
    key: (stream) => {
      const known = keys.get(stream) ?? { name: stream, storage: "input", dtype: "i32", half: false, axes: [{ name: "word", extent: 2 }] };
      keys.set(stream, known);
      return known;
    },
  };
  const types = slotTypes(program);
  const lowered = names.flatMap((name) => {
    const entry = program.entries.get(name);
    return entry === undefined ? [] : [{ name, ...loweredEntry(partsOfEntry(prepare(entry, types, device), entry, leaves, device), device, name === "step") }];
  });

  const placements = new Map<Tensor, Placement>();
  const buffers = new Map<BufferName, number>();
  const place = (buffer: BufferName, { offsets, bytes }: ReturnType<typeof sideBySide>) => {
    offsets.forEach((offset, tensor) => placements.set(tensor, { buffer, offset }));
    buffers.set(buffer, Math.max(buffers.get(buffer) ?? alignment, bytes));
  };
  const packs = lowered.flatMap((own) => own.packs);
  const members = new Map(packs.flatMap((pack) => pack.members.map((member) => [member.tensor, { pack, offset: member.offset }] as const)));
  const whole = (tensor: Tensor) => members.get(tensor)?.pack.tensor ?? tensor;
  place("slots", sideBySide(new Set([...slots.values()].map(whole))));
  place("inputs", sideBySide([...inputs.values(), ...keys.values()]));
  buffers.set("arena", alignment);
  const entries = new Map<string, EntryPlan>();
  for (const { name, dispatches: own, updates, results } of lowered) {
    place("results", sideBySide(new Set(results.values())));
    const { places, bytes } = arena([...own, ...updates], whole, device.maxBuffer);
    places.forEach(({ arena: index, offset }, tensor) => placements.set(tensor, { buffer: arenaName(index), offset }));
    bytes.forEach((size, index) => buffers.set(arenaName(index), Math.max(buffers.get(arenaName(index)) ?? alignment, size)));
    entries.set(name, { name, dispatches: own, updates, results, arenaBytes: bytes.reduce((total, size) => total + size, 0) });
  }
  for (const [tensor, { pack, offset }] of members) {
    const placement = placements.get(pack.tensor);
    if (placement !== undefined) placements.set(tensor, { ...placement, offset: placement.offset + offset, whole: pack.tensor });
  }
  return { name: program.name, slots, inputs, keys, placements, buffers, entries };
}

function arenaName(index: number): BufferName {
  return index === 0 ? "arena" : `arena${index}`;
}

/**
 * The loss as an update of itself: a step whose loss is not finite changes nothing either. In a program that updates nothing there
 * is nothing to keep.
 */
function watched({ results, scalars, parts }: Parts): readonly Part[] {
  const loss = results.get("loss");
  const origin = parts.flatMap((part) => part.stores).find((store) => store.tensor === loss)?.origin;
  if (loss === undefined || origin === undefined || !parts.some((part) => part.isUpdate)) return [];
  const at = loss.axes.map(() => zero);
  return [{ kind: "fold", rows: [], stores: [{ tensor: loss, at, columns: [], value: scalars.load(loss, at), origin }], isUpdate: true }];
}

/** Only a training step is worth packing and merging: what runs once gains more from kernels that are the same. */
function loweredEntry(lowered: Parts, device: Device, isStep: boolean) {
  const { parts, scalars, results } = lowered;
  const fused = apart(fuse(parts, scalars, device), scalars).map((part) => tabulated(normalise(part, scalars), scalars));
  const own = [...fused.filter((part) => part.isUpdate), ...watched(lowered).map((part) => normalise(part, scalars))];
  const { parts: updates, packs: ofUpdates } = isStep ? packed(own, scalars, device.maxBinding) : { parts: own, packs: [] };
  const computed = fused.filter((part) => !part.isUpdate);
  const packs = [...ofUpdates, ...bundles(computed, new Set(ofUpdates.flatMap((pack) => pack.members.map((member) => member.tensor))))];
  const wholes = new Map(packs.flatMap((pack) => pack.members.map((member) => [member.tensor, pack.tensor] as const)));
  const pieces = (several: readonly Part[]) => several.map((part) => scheduled(part, device));
  const dispatched = (several: readonly Part[]) =>
    dispatches(pieces(several), device, isStep ? mostPieces : 1, (tensor) => wholes.get(tensor) ?? tensor);
  return { dispatches: dispatched(computed), updates: dispatched(updates), packs, results };
}
