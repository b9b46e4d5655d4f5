/**
 * The verifier of kernel programs. It trusts nothing that the lowering says of itself: it follows the bytes of every buffer through
 * an entry, so that what is read has been written, wholly, and by what should have written it.
 */

import { IrError } from "../ir/types.js";
import { Contents } from "./contents.js";
import type { Device } from "./device.js";
import { address } from "./normalise.js";
import { type Part, type Store, originOf, readBy, touchedBy } from "./part.js";
import type { BufferName, EntryPlan, KernelProgram, Piece, Placement } from "./program.js";
import { reachOf } from "./reach.js";
import { type Storage, type Tensor, tensorBytes } from "./tensor.js";
import { verifyPart, widthOf } from "./verify-piece.js";
import { verifyDispatch, verifySchedule } from "./verify-schedule.js";
import { verifyUpdates } from "./verify-updates.js";

/**
 * Checks that every address lies in its tensor and every tensor in its buffer; that tensors are written wholly before they are
 * read, and not overwritten until then; that what runs side by side touches nothing in common; that updates do not depend on
 * their order; and that the device's limits are kept.
 * @throws IrError naming the entry, the dispatch, the operation and its place in the model.
 */
export function verifyKernels(program: KernelProgram, device: Device): void {
  verifyPlacements(program, device);
  for (const entry of program.entries.values()) verifyEntry(entry, program, device);
}

/** Does a check; what it throws begins with where that is. */
function located(where: () => string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof IrError) throw new IrError(`${where()}: ${error.message}`);
    throw error;
  }
}

function nameOf({ part }: Piece): string {
  if (part.stores.length === 0) return "a piece";
  const { kind, place } = originOf(part);
  return `\`${kind}\`${place === "" ? "" : ` in ${place}`}`;
}

const bufferOf: Readonly<Record<Exclude<Storage, "local">, RegExp>> = { slot: /^slots$/, input: /^inputs$/, result: /^results$/, temporary: /^arena\d*$/ };

function verifyPlacements(program: KernelProgram, device: Device): void {
  const { placements, buffers } = program;
  for (const [name, bytes] of buffers) {
    if (bytes > device.maxBuffer) throw new IrError(`the buffer \`${name}\` has ${bytes} bytes, and this device's at most ${device.maxBuffer}`);
  }
  for (const tensor of [...program.slots.values(), ...program.inputs.values(), ...program.keys.values()]) {
    if (!placements.has(tensor)) throw new IrError(`${tensor.name} has no place`);
  }
  for (const tensor of placements.keys()) located(() => tensor.name, () => verifyPlacement(tensor, program, device));
  for (const [whole, members] of packsOf(program)) {
    verifyApart(members, program);
    const bytes = members.reduce((total, member) => total + tensorBytes(member), 0);
    if (bytes !== tensorBytes(whole)) throw new IrError(`${whole.name} has ${tensorBytes(whole)} bytes, and what it consists of ${bytes}`);
  }
  verifyApart([...program.slots.values()], program);
  verifyApart([...program.inputs.values(), ...program.keys.values()], program);
}

function verifyPlacement(tensor: Tensor, { placements, buffers }: KernelProgram, device: Device): void {
  const { buffer, offset, whole } = placements.get(tensor)!;
  const end = offset + tensorBytes(tensor);
  if (tensor.storage === "local" || !bufferOf[tensor.storage].test(buffer)) throw new IrError(`a ${tensor.storage} tensor lies in the buffer \`${buffer}\``);
  if (tensor.half && !device.half) throw new IrError("it is stored in 16 bits, which this device cannot");
  const size = buffers.get(buffer) ?? 0;
  if (offset < 0 || end > size) throw new IrError(`it lies at the bytes ${offset} to ${end} of the buffer \`${buffer}\`, which has ${size}`);
  const alignment = whole === undefined ? device.alignment : widthOf(tensor);
  if (offset % alignment !== 0) throw new IrError(`it begins at byte ${offset}, which is no multiple of ${alignment}`);
  if (whole === undefined) return;
  const outer = placements.get(whole);
  const isInside = outer !== undefined && outer.buffer === buffer && outer.offset <= offset && end <= outer.offset + tensorBytes(whole);
  if (!isInside || whole.dtype !== tensor.dtype || whole.half !== tensor.half) throw new IrError(`it does not lie in ${whole.name}`);
}

/** The members of each tensor that consists of others. */
function packsOf({ placements }: KernelProgram): ReadonlyMap<Tensor, readonly Tensor[]> {
  const result = new Map<Tensor, Tensor[]>();
  for (const [tensor, { whole }] of placements) {
    if (whole === undefined) continue;
    const known = result.get(whole);
    if (known === undefined) result.set(whole, [tensor]);
    else known.push(tensor);
  }
  return result;
}

/** Tensors of one buffer that are there all the time have no byte in common. */
function verifyApart(tensors: readonly Tensor[], { placements }: KernelProgram): void {
  const start = (tensor: Tensor) => placements.get(tensor)!.offset;
  const sorted = [...tensors].sort((a, b) => start(a) - start(b));
  sorted.slice(1).forEach((tensor, i) => {
    const before = sorted[i]!;
    if (start(before) + tensorBytes(before) > start(tensor)) throw new IrError(`${before.name} and ${tensor.name} have bytes in common`);
  });
}

function verifyEntry(entry: EntryPlan, program: KernelProgram, device: Device): void {
  const memory = new Memory(program);
  const steps = [
    ...entry.dispatches.map((dispatch, i) => ({ dispatch, isUpdate: false, title: `dispatch ${i}` })),
    ...entry.updates.map((dispatch, i) => ({ dispatch, isUpdate: true, title: `update ${i}` })),
  ];
  const titles = new Map(steps.flatMap(({ dispatch, title }) => dispatch.pieces.map((piece) => [piece, title] as const)));
  const locate = (piece: Piece, check: () => void) => located(() => `${entry.name}, ${titles.get(piece)}, ${nameOf(piece)}`, check);
  steps.forEach(({ dispatch, isUpdate, title }, now) => {
    for (const piece of dispatch.pieces) {
      locate(piece, () => {
        verifyPart(piece.part);
        verifyTensors(piece.part, isUpdate, program);
        verifySchedule(piece, dispatch.threads, device);
      });
    }
    located(() => `${entry.name}, ${title}`, () => verifyDispatch(dispatch, device));
    if (dispatch.turns !== undefined) return dispatch.pieces.forEach((piece) => locate(piece, () => {
      // The number of the dispatch is one, so that none of them takes another's bytes.
      memory.read(piece.part, now);
      memory.write(piece.part, now);
    }));
    for (const piece of dispatch.pieces) locate(piece, () => memory.read(piece.part, now));
    if (!isUpdate) for (const piece of dispatch.pieces) locate(piece, () => memory.write(piece.part, now));
  });
  verifyUpdates(entry.updates, program.placements, locate);
  for (const [name, tensor] of entry.results) located(() => `${entry.name}, result \`${name}\``, () => memory.need(tensor, steps.length));
}

/** What a part may touch. */
function verifyTensors(part: Part, isUpdate: boolean, { placements }: KernelProgram): void {
  if (part.isUpdate !== isUpdate) throw new IrError(`it stands among ${isUpdate ? "the updates" : "what is no update"}`);
  for (const tensor of touchedBy(part)) if (!placements.has(tensor)) throw new IrError(`${tensor.name} has no place`);
  for (const store of part.stores) {
    const { storage, name } = store.tensor;
    const isAllowed = isUpdate ? storage === "slot" || isKept(store) : storage === "temporary" || storage === "result" || storage === "local";
    if (!isAllowed) throw new IrError(`${isUpdate ? "an update" : "what is no update"} writes ${name}, ${storage === "input" ? "an" : "a"} ${storage}`);
  }
}

/** An update may look whether a result is finite: as a store of what is there. */
function isKept({ tensor, at, value }: Store): boolean {
  return tensor.storage === "result" && value.kind === "load" && value.tensor === tensor && address(value.at).key === address(at).key;
}

/** What an entry's temporaries and results hold; slots and inputs are there from the start. */
class Memory {
  private readonly contents = new Map<BufferName, Contents>();
  private readonly packs: ReadonlyMap<Tensor, readonly Tensor[]>;

  constructor(private readonly program: KernelProgram) {
    this.packs = packsOf(program);
  }

  private in({ buffer }: Placement): Contents {
    const known = this.contents.get(buffer) ?? new Contents(this.program.placements);
    this.contents.set(buffer, known);
    return known;
  }

  need(tensor: Tensor, now: number): void {
    if (tensor.storage !== "temporary" && tensor.storage !== "result") return;
    const contents = this.in(this.program.placements.get(tensor)!);
    for (const own of this.packs.get(tensor) ?? [tensor]) contents.read(own, now);
  }

  read(part: Part, now: number): void {
    for (const tensor of readBy(part)) this.need(tensor, now);
  }

  write(part: Part, now: number): void {
    for (const { tensor, at } of part.stores) {
      if (tensor.storage === "local") continue;
      if (this.packs.has(tensor)) throw new IrError(`${tensor.name} is written as a whole`);
      const placement = this.program.placements.get(tensor)!;
      // That the address is affine has been checked.
      this.in(placement).write(tensor, reachOf(address(at), widthOf(tensor), placement.offset)!, now);
    }
  }
}
