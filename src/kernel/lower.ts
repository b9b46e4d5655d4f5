/** From the IR to a kernel program. */

import { type Program, isMeasure } from "../ir/program.js";
import { slotTypes } from "../ir/slots.js";
import { NormalForms } from "./alike.js";
import { bundles } from "./bundle.js";
import { zero } from "./coordinate.js";
import type { Device } from "./device.js";
import { dispatches, mostPieces } from "./dispatch.js";
import { fuse } from "./fuse.js";
import { leavesOf } from "./leaves.js";
import { packed } from "./pack.js";
import type { Part } from "./part.js";
import { type Parts, partsOfEntry } from "./parts.js";
import { type UnplacedEntry, placed } from "./place.js";
import { prepare } from "./prepare.js";
import type { KernelProgram } from "./program.js";
import { scheduled } from "./schedule.js";
import { apart } from "./updates.js";

/** What engines run. */
function engineEntries({ entries }: Program): readonly string[] {
  return ["initialise", "step", "evaluate", ...[...entries.keys()].filter(isMeasure)];
}

/** Lowers the named entries of a verified program. @throws IrError when an entry cannot be computed by kernels. */
export function lower(program: Program, adapter: Device, names = engineEntries(program)): KernelProgram {
  const { matrix: _, ...plain } = adapter;
  // What takes 16 bits is for programs that ask for it.
  const device: Device = program.precision === "mixed" && adapter.half ? adapter : { ...plain, half: false };
  const leaves = leavesOf(program);
  const types = slotTypes(program);
  const entries = names.flatMap((name) => {
    const entry = program.entries.get(name);
    if (entry === undefined) return [];
    return [loweredEntry(name, partsOfEntry(prepare(entry, types, device), entry, leaves, device), device)];
  });
  return { name: program.name, slots: leaves.slots, inputs: leaves.inputs, keys: leaves.keys, ...placed(entries, leaves, device) };
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
function loweredEntry(name: string, lowered: Parts, device: Device): UnplacedEntry {
  const isStep = name === "step";
  const { parts, scalars, results } = lowered;
  const forms = new NormalForms(scalars);
  const fused = apart(fuse(parts, scalars, device), scalars).map((part) => forms.of(part));
  const own = [...fused.filter((part) => part.isUpdate), ...watched(lowered).map((part) => forms.of(part))];
  const { parts: updates, packs: ofUpdates } = isStep ? packed(own, scalars, device.maxBinding) : { parts: own, packs: [] };
  const computed = fused.filter((part) => !part.isUpdate);
  const packs = [...ofUpdates, ...bundles(computed, new Set(ofUpdates.flatMap((pack) => pack.members.map((member) => member.tensor))))];
  const wholes = new Map(packs.flatMap((pack) => pack.members.map((member) => [member.tensor, pack.tensor] as const)));
  const pieces = (several: readonly Part[]) => several.map((part) => scheduled(part, device));
  const dispatched = (several: readonly Part[]) =>
    dispatches(pieces(several), device, isStep ? mostPieces : 1, (tensor) => wholes.get(tensor) ?? tensor);
  return { name, dispatches: dispatched(computed), updates: dispatched(updates), packs, results };
}
