/** Each rule of schedules, and each limit of a device, can be broken. */

import { describe, expect, test } from "vitest";
import { IrError } from "../../src/ir/types.js";
import { variable } from "../../src/kernel/coordinate.js";
import { type Device, portable } from "../../src/kernel/device.js";
import type { FoldSchedule, KernelProgram, Piece, ProductSchedule } from "../../src/kernel/program.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { remade, small, withDispatch, withPiece, withStore } from "./broken.js";

/** Changes the schedule of the first product, which is a shared tile of 32 by 32 in steps of 16. */
const asProduct = (change: Partial<ProductSchedule>, groups?: number) => (program: KernelProgram) =>
  withPiece(program, 0, 0, ({ schedule, ...piece }) => ({ schedule: { ...(schedule as ProductSchedule), ...change }, groups: groups ?? piece.groups }));
/** Changes the sums of dispatch 2, of two threads a row. */
const asFold = (change: Partial<Piece>) => (program: KernelProgram) => withPiece(program, 2, 1, () => change);

const byRows: FoldSchedule = { kind: "fold", lanes: 1, rowsPerThread: 1, rowsFirst: true };
const matrix = { m: 16, n: 16, k: 16, subgroup: 16 };
const matrices = { threadsM: 8, threadsN: 8, microM: 8, microN: 8, stepK: 32, matrix };

describe("schedules", () => {
  test.each<readonly [rule: string, broken: (program: KernelProgram) => KernelProgram, message: string, device: Device]>([
    ["too few groups for the rows", asFold({ groups: 0 }), "step, dispatch 2, `reduce_sum` in loss: it takes 0 groups, and its rows need 1", portable],
    ["too many groups for the rows", asFold({ groups: 2 }), "it takes 2 groups, and its rows need 1", portable],
    ["a row among three threads", asFold({ schedule: { ...byRows, lanes: 3 } }), "a row is divided among 3 threads of 64", portable],
    ["a row among more threads than there are", asFold({ schedule: { ...byRows, lanes: 128 } }), "a row is divided among 128 threads of 64", portable],
    ["several rows among several threads", asFold({ schedule: { ...byRows, lanes: 2, rowsPerThread: 4 } }), "2 threads of a row take 4 rows", portable],
    ["no rows", asFold({ schedule: { ...byRows, rowsPerThread: 0 } }), "1 threads of a row take 0 rows", portable],
    ["rows in a group of other threads", (program) => withDispatch(program, 2, () => ({ threads: 128 })), "rows are divided among groups of 64 threads, and the group has 128", portable],
    ["the schedule of another kind", (program) => withPiece(program, 0, 0, () => ({ schedule: byRows })), "step, dispatch 0, `contract` in layer: a product has the schedule of a fold", portable],
    ["too few groups for the tiles", asProduct({ threadsM: 64, threadsN: 1, microM: 1, microN: 4, isShared: false }, 2), "it takes 2 groups, and its rows need 1", portable],
    ["a tile for other threads", asProduct({ threadsM: 16 }), "a tile is divided among 16 by 8 threads, and the group has 64", portable],
    ["a tile that is not made of vectors", asProduct({ microN: 2 }), "a tile of 4 by 2 a thread, in steps of 16, is not made of vectors of four", portable],
    ["a slab that is not made of vectors", asProduct({ stepK: 6 }), "a tile of 4 by 4 a thread, in steps of 6, is not made of vectors of four", portable],
    [
      "a product that is none",
      (program) => withStore(program, 0, 0, ({ value }) => ({ value: remade(value, (own, product) => own.fold("max", [variable("i", 8)], product)) })),
      "its sums are no products of one shape",
      portable,
    ],
    ["matrices where there are none", asProduct(matrices), "this device multiplies no matrices", portable],
    ["matrices that the tile is not made of", asProduct({ ...matrices, stepK: 24 }), "a tile of 64 by 64, in steps of 24, is not made of matrices of 16 by 16 by 16", { ...portable, matrix }],
    ["a dispatch of nothing", (program) => withDispatch(program, 0, () => ({ pieces: [] })), "step, dispatch 0: it has no pieces", portable],
  ])("%s", (_, broken, message, device) => {
    const check = () => verifyKernels(broken(small()), device);
    expect(check).toThrow(IrError);
    expect(check).toThrow(message);
  });

  test("matrices pass where there are some", () => verifyKernels(asProduct(matrices)(small()), { ...portable, matrix }));
});

describe("a device's limits", () => {
  test.each<readonly [limit: string, device: Device, message: string]>([
    ["threads of a group", { ...portable, maxThreads: 32 }, "step, dispatch 0: its groups have 64 threads, and this device's at most 32"],
    ["groups", { ...portable, maxGroups: 1 }, "step, dispatch 1: it has 3 groups, and this device takes at most 1"],
    ["memory that a product's threads share", { ...portable, sharedBytes: 4095 }, "step, dispatch 0: its groups share 4096 bytes of memory, and this device's at most 4095"],
    ["bytes of a buffer", { ...portable, maxBuffer: 1024 }, "the buffer `arena` has 1536 bytes, and this device's at most 1024"],
  ])("%s", (_, device, message) => {
    expect(() => verifyKernels(small(), device)).toThrow(message);
  });

  test("memory that the threads of rows share", () => {
    const program = small();
    const { dispatches } = program.entries.get("step")!;
    const sums = { ...program, entries: new Map([["step", { name: "step", dispatches: [dispatches[2]!], updates: [], results: new Map(), arenaBytes: 0 }]]) };
    expect(() => verifyKernels(sums, { ...portable, sharedBytes: 255 })).toThrow("step, dispatch 0: its groups share 256 bytes of memory, and this device's at most 255");
  });
});
