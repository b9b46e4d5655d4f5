/** The verifier lets every sound program pass, and each of its rules about memory and updates can be broken. */

import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/ir/parse.js";
import { IrError } from "../../src/ir/types.js";
import { constant, plus } from "../../src/kernel/coordinate.js";
import { portable } from "../../src/kernel/device.js";
import { lower } from "../../src/kernel/lower.js";
import type { Part } from "../../src/kernel/part.js";
import type { KernelProgram, Piece } from "../../src/kernel/program.js";
import { Scalars } from "../../src/kernel/scalar.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { changed, moved, small, tensorOf, withDispatch, withDispatches, withPart, withPlacement, withStore, withUpdate, withUpdates } from "./broken.js";
import { devices } from "./devices.js";
import { asWritten, examplePrograms } from "./examples.js";

const examples = examplePrograms(asWritten);

describe.each(Object.entries(devices))("with %s", (_, device) => {
  test.each(examples)("%s passes", (_, program) => {
    const kernels = lower(program, device);
    expect([...kernels.entries.keys()]).toEqual([...program.entries.keys()].filter((name) => name !== "forward"));
    verifyKernels(kernels, device);
  });

  test("the small program passes", () => verifyKernels(small(device), device));
});

const scalars = new Scalars();
const zeroAtFirst = { at: [constant(0)], value: scalars.number(0, "f32") };

describe("memory", () => {
  test.each<readonly [rule: string, broken: (program: KernelProgram) => KernelProgram, message: string]>([
    [
      "read before anything is written",
      (program) => withDispatches(program, (all) => all.slice(1)),
      "step, dispatch 0, `sub` in norm: t2 is read before it is written",
    ],
    ["read in an earlier dispatch than written", (program) => withDispatches(program, ([a, b, ...rest]) => [b!, a!, ...rest]), "step, dispatch 0, `sub` in norm: t2 is read before it is written"],
    [
      "read in the dispatch that writes it",
      (program) => withDispatches(program, ([a, b, ...rest]) => [{ ...a!, pieces: [...a!.pieces, ...b!.pieces] }, ...rest]),
      "step, dispatch 0, `sub` in norm: t2 is read before it is written",
    ],
    [
      "a part of a tensor that is missing",
      (program) => withDispatch(program, 1, ({ pieces }) => ({ pieces: pieces.slice(1) })),
      "step, dispatch 2, `reduce_sum` in loss: t6 is read when 512 of its 1024 bytes are not written yet",
    ],
    ["a piece that runs twice", (program) => withDispatch(program, 1, ({ pieces }) => ({ pieces: [...pieces, pieces[0]!] })), "in join: elements of t6 are written twice"],
    [
      "two pieces that overlap",
      (program) => withStore(program, 1, 0, ({ at }) => ({ at: [plus(at[0]!, constant(-4))] })),
      "step, dispatch 1, `sub` in norm: elements of t6 are written twice",
    ],
    [
      "a tensor that lies where another one is read",
      (program) => withPlacement(program, "t6", () => ({ offset: 512 })),
      "step, dispatch 1, `rename` in join: t6 is written over t2, which the same dispatch reads",
    ],
    [
      "a tensor that lies where another one is written",
      (program) => {
        const copy = { ...tensorOf(program, "t2"), name: "copy" };
        const placed = { ...program, placements: new Map(program.placements).set(copy, { buffer: "arena", offset: 1024 }) };
        return withDispatch(placed, 0, ({ pieces: [own] }) => ({
          pieces: [own!, { ...own!, part: { ...own!.part, stores: [changed(own!.part.stores[0]!, () => ({ tensor: copy }))] } }],
        }));
      },
      "step, dispatch 0, `contract` in layer: copy is written over t2, which the same dispatch writes",
    ],
    [
      "a tensor that is overwritten before its last use",
      (program) => withDispatches(program, (all) => [...all, all[1]!]),
      "step, dispatch 4, `sub` in norm: t2 is read after t15 has overwritten it",
    ],
    [
      "a result that is not there",
      (program) => withUpdates(withDispatch(program, 2, ({ pieces }) => ({ pieces: pieces.slice(0, 1) })), (pieces) => [pieces[0]!, pieces[2]!]),
      "step, result `sums`: sums is read before it is written",
    ],
    [
      "an input that is written",
      (program) => withStore(program, 0, 0, () => ({ tensor: tensorOf(program, "x") })),
      "step, dispatch 0, `contract` in layer: what is no update writes x, an input",
    ],
    ["a tensor without a place", (program) => ({ ...program, placements: new Map([...program.placements].filter(([tensor]) => tensor.name !== "t6")) }), "step, dispatch 1, `rename` in join: t6 has no place"],
    ["a slot without a place", (program) => ({ ...program, placements: new Map([...program.placements].filter(([tensor]) => tensor.name !== "m")) }), "m has no place"],
  ])("%s", (_, broken, message) => {
    const check = () => verifyKernels(broken(small()), portable);
    expect(check).toThrow(IrError);
    expect(check).toThrow(message);
  });
});

/** Two slots with one formula, which are laid out as one. */
const packed = parseProgram(`program packed {
  parameter a : f32[p: 9] weight
  parameter b : f32[p: 64] weight
  input x : f32[p: 9]
  input y : f32[p: 64]
  entry step {
    %0 = parameter() {slot: "a"} : f32[p: 9]
    %1 = parameter() {slot: "b"} : f32[p: 64]
    %2 = constant() {value: 0.5, dtype: "f32"} : f32[]
    %3 = mul(%0, %2) : f32[p: 9]
    %4 = mul(%1, %2) : f32[p: 64]
    %5 = update(%3) {slot: "a"} : f32[p: 9]
    %6 = update(%4) {slot: "b"} : f32[p: 64]
    return
  }
}`);

describe("places", () => {
  test("tensors may be packed", () => {
    const program = lower(packed, portable);
    expect([...program.placements.values()].filter(({ whole }) => whole !== undefined)).toHaveLength(2);
    verifyKernels(program, portable);
  });

  test.each<readonly [rule: string, broken: (program: KernelProgram) => KernelProgram, message: string]>([
    ["an unaligned tensor", (program) => withPlacement(program, "t2", () => ({ offset: 516 })), "t2: it begins at byte 516, which is no multiple of 256"],
    ["one that leaves its buffer", (program) => withPlacement(program, "t2", () => ({ offset: 1280 })), "t2: it lies at the bytes 1280 to 1792 of the buffer `arena`, which has 1536"],
    ["one before its buffer", (program) => withPlacement(program, "t2", () => ({ offset: -256 })), "t2: it lies at the bytes -256 to 256"],
    ["one in another buffer", (program) => withPlacement(program, "t2", () => ({ buffer: "slots" })), "t2: a temporary tensor lies in the buffer `slots`"],
    ["one in a buffer that is not there", (program) => withPlacement(program, "t2", () => ({ buffer: "arena1" })), "of the buffer `arena1`, which has 0"],
    ["slots that overlap", (program) => withPlacement(program, "v", () => ({ offset: 0 })), "w and v have bytes in common"],
    ["inputs that overlap", (program) => withPlacement(program, "label", () => ({ offset: 256 })), "x and label have bytes in common"],
    ["a buffer that is too large", (program) => ({ ...program, buffers: new Map(program.buffers).set("arena", 2 ** 40) }), "the buffer `arena` has 1099511627776 bytes, and this device's at most 268435456"],
    ["a member outside of its pack", () => withPlacement(lower(packed, portable), "a", () => ({ offset: 320 })), "a: it does not lie in b and 1 more"],
    ["members that overlap", () => withPlacement(lower(packed, portable), "a", () => ({ offset: 128 })), "b and a have bytes in common"],
    ["an unaligned member", () => withPlacement(lower(packed, portable), "a", () => ({ offset: 254 })), "a: it begins at byte 254, which is no multiple of 4"],
    [
      "a pack with holes",
      () => {
        const program = lower(packed, portable);
        const { whole: _, ...alone } = program.placements.get(tensorOf(program, "b"))!;
        return { ...program, placements: new Map(program.placements).set(tensorOf(program, "b"), alone) };
      },
      "has 292 bytes, and what it consists of 36",
    ],
  ])("%s", (_, broken, message) => {
    const check = () => verifyKernels(broken(small()), portable);
    expect(check).toThrow(IrError);
    expect(check).toThrow(message);
  });

  test("16 bits where the device has none", () => {
    const program = small();
    const whole = tensorOf(program, "t2");
    const half = { ...whole, half: true };
    const broken = { ...program, placements: new Map([...program.placements].map(([tensor, place]) => [tensor === whole ? half : tensor, place])) };
    expect(() => verifyKernels(broken, portable)).toThrow("t2: it is stored in 16 bits, which this device cannot");
  });
});

describe("updates", () => {
  test.each<readonly [rule: string, broken: (program: KernelProgram) => KernelProgram, message: string]>([
    ["a slot that is updated twice", (program) => withUpdates(program, (pieces) => [...pieces, pieces[1]!]), "step, update 0, `update` in v: v is updated twice"],
    [
      "a slot that is updated within another",
      () => {
        const program = lower(packed, portable);
        const own = tensorOf(program, "a");
        const update = ({ part }: Piece): Part => ({ ...part, rows: [], stores: [changed(part.stores[0]!, () => ({ tensor: own, ...zeroAtFirst }))] });
        return withUpdates(program, ([piece]) => [piece!, { ...piece!, groups: 1, part: update(piece!) }]);
      },
      "a is updated twice within b and 1 more",
    ],
    [
      "a slot of which a part is updated",
      (program) => withUpdate(program, 1, 0, () => zeroAtFirst, []),
      "step, update 0, `update` in v: 4 of 32 bytes of v are updated",
    ],
    [
      "a slot that another update changes",
      (program) => withUpdate(program, 1, 0, ({ at }) => ({ value: scalars.load(tensorOf(program, "w"), at) })),
      "step, update 0, `update` in v: w is read while another update changes it",
    ],
    [
      "another element of the slot itself",
      (program) => withUpdate(program, 0, 1, ({ value }) => ({ value: moved(value, () => constant(3)) })),
      "step, update 0, `update` in w: w is read at other elements than the one that is changed there",
    ],
    ["an update of a temporary", (program) => withUpdate(program, 1, 0, () => ({ tensor: tensorOf(program, "t2") })), "step, update 0, `update` in v: an update writes t2, a temporary"],
    ["an update of a result", (program) => withUpdate(program, 2, 0, () => ({ value: scalars.number(0, "f32") })), "an update writes loss, a result"],
    ["an update among other pieces", (program) => withPart(program, 0, 0, () => ({ isUpdate: true })), "step, dispatch 0, `contract` in layer: it stands among what is no update"],
    [
      "another piece among the updates",
      (program) => withUpdates(program, (pieces) => pieces.with(1, { ...pieces[1]!, part: { ...pieces[1]!.part, isUpdate: false } })),
      "step, update 0, `update` in v: it stands among the updates",
    ],
    [
      "a slot that is written before",
      (program) => withStore(program, 3, 0, () => ({ tensor: tensorOf(program, "m") })),
      "step, dispatch 3, `add`: what is no update writes m, a slot",
    ],
  ])("%s", (_, broken, message) => {
    const check = () => verifyKernels(broken(small()), portable);
    expect(check).toThrow(IrError);
    expect(check).toThrow(message);
  });
});
