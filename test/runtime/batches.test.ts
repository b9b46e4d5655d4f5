import { expect, it } from "vitest";
import { makeBatches } from "../../src/runtime/batches.js";
import { DataError, type DataSet, type Examples } from "../../src/runtime/data/index.js";

/** Examples whose one input holds their numbers, from `first` on. */
function numbered(count: number, first: number): Examples {
  return { count, take: (indices) => new Map([["x", Int32Array.from(indices, (index) => first + index)]]) };
}

const set: DataSet = { train: numbered(11, 0), heldOut: numbered(5, 100), description: "numbers" };
const values = (batches: Iterable<{ inputs: Map<string, ArrayLike<number>> }>): number[][] =>
  [...batches].map(({ inputs }) => Array.from(inputs.get("x")!));

it("batches a data set as a run needs it", () => {
  const batches = makeBatches(set, { batch: 3, seed: 1 });
  expect(batches).toMatchObject({
    description: "numbers",
    stepsPerEpoch: 3,
    trainingExamples: 11,
    heldOutExamples: 5,
  });
  const epoch = values(batches.training(0, 0));
  expect(new Set(epoch.flat()).size).toBe(9);
  expect(values(batches.training(0, 1))).toEqual(epoch.slice(1));
  expect(values(batches.training(1, 0))).not.toEqual(epoch);
  expect(values(makeBatches(set, { batch: 3, seed: 2 }).training(0, 0))).not.toEqual(epoch);
  expect(values(batches.heldOut())).toEqual([
    [100, 101, 102],
    [103, 104, 104],
  ]);
  expect([...batches.heldOut()].map(({ valid }) => valid)).toEqual([3, 2]);
});

it("refuses examples that do not fill a batch", () => {
  expect(() => makeBatches(set, { batch: 12, seed: 1 })).toThrow(DataError);
});
