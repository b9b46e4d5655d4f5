/** From the IR to a kernel program. */

import type { Program } from "../ir/program.js";
import { slotTypes } from "../ir/slots.js";
import type { Device } from "./device.js";
import { dispatches, mostPieces } from "./dispatch.js";
import { fuse } from "./fuse.js";
import { aligned, arena, sideBySide } from "./memory.js";
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
  const place = (buffer: BufferName, offsets: ReadonlyMap<Tensor, number>) => offsets.forEach((offset, tensor) => placements.set(tensor, { buffer, offset }));
  const packs = lowered.flatMap((own) => own.packs);
  const members = new Map(packs.flatMap((pack) => pack.members.map((member) => [member.tensor, { pack, offset: member.offset }] as const)));
  const whole = (tensor: Tensor) => members.get(tensor)?.pack.tensor ?? tensor;
  const slotPlan = sideBySide(new Set([...slots.values()].map(whole)));
  const inputPlan = sideBySide([...inputs.values(), ...keys.values()]);
  place("slots", slotPlan.offsets);
  place("inputs", inputPlan.offsets);
  const buffers = { slots: slotPlan.bytes, inputs: inputPlan.bytes, results: 0, arena: 0 };
  const entries = new Map<string, EntryPlan>();
  for (const { name, dispatches: own, updates, results } of lowered) {
    const resultPlan = sideBySide(new Set(results.values()));
    place("results", resultPlan.offsets);
    const arenaPlan = arena([...own, ...updates], whole);
    place("arena", arenaPlan.offsets);
    buffers.results = Math.max(buffers.results, resultPlan.bytes);
    buffers.arena = Math.max(buffers.arena, arenaPlan.bytes);
    entries.set(name, { name, dispatches: own, updates, results, arenaBytes: arenaPlan.bytes });
  }
  for (const [tensor, { pack, offset }] of members) {
    const placement = placements.get(pack.tensor);
    if (placement !== undefined) placements.set(tensor, { ...placement, offset: placement.offset + offset, whole: pack.tensor });
  }
  buffers.arena = aligned(Math.max(buffers.arena, 4));
  return { name: program.name, slots, inputs, keys, placements, buffers, entries };
}

/** Only a training step is worth packing and merging: what runs once gains more from kernels that are the same. */
function loweredEntry({ parts, scalars, results }: Parts, device: Device, isStep: boolean) {
  const fused = apart(fuse(parts, scalars, device), scalars).map((part) => tabulated(normalise(part, scalars), scalars));
  const own = fused.filter((part) => part.isUpdate);
  const { parts: updates, packs: ofUpdates } = isStep ? packed(own, scalars, device.maxBinding) : { parts: own, packs: [] };
  const computed = fused.filter((part) => !part.isUpdate);
  const packs = [...ofUpdates, ...bundles(computed, new Set(ofUpdates.flatMap((pack) => pack.members.map((member) => member.tensor))))];
  const wholes = new Map(packs.flatMap((pack) => pack.members.map((member) => [member.tensor, pack.tensor] as const)));
  const pieces = (several: readonly Part[]) => several.map((part) => scheduled(part, device));
  const dispatched = (several: readonly Part[]) =>
    dispatches(pieces(several), device, isStep ? mostPieces : 1, (tensor) => wholes.get(tensor) ?? tensor);
  return { dispatches: dispatched(computed), updates: dispatched(updates), packs, results };
}
