import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batches, batchesPerEpoch, evaluationBatches, openData, type Examples } from "../../../src/runtime/data/index.js";
import { splitExamples } from "../../../src/runtime/data/split.js";
import { all, input, newFolder, range, source, write } from "./fixtures.js";

/** Examples whose only value is their number. */
function numbered(count: number): Examples {
  return { count, take: (indices) => new Map([["x", Int32Array.from(indices)]]) };
}
const seen = (list: Iterable<{ inputs: Map<string, ArrayLike<number>> }>) => [...list].map((each) => Array.from(each.inputs.get("x")!));
const counts = fc.integer({ min: 2, max: 300 });
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("the split", () => {
  it("is a partition in two sorted parts, of the size asked for", () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0, max: 0.999, noNaN: true }), seeds, (count, holdout, seed) => {
        const { train, heldOut } = splitExamples(count, holdout, seed);
        expect([...train, ...heldOut].toSorted((a, b) => a - b)).toEqual(range(count));
        expect([...train]).toEqual([...train].toSorted((a, b) => a - b));
        expect([...heldOut]).toEqual([...heldOut].toSorted((a, b) => a - b));
        if (holdout === 0) expect(heldOut).toHaveLength(0);
        else expect(heldOut.length).toBe(Math.max(1, Math.min(count - 1, Math.round(holdout * count))));
        expect(splitExamples(count, holdout, seed)).toEqual({ train, heldOut });
      }),
    );
  });

  it("depends on the seed", () => {
    expect(splitExamples(100, 0.2, 1)).not.toEqual(splitExamples(100, 0.2, 2));
  });

  it("is made of the data", async () => {
    const folder = await newFolder();
    await write(folder, { "a.csv": `x\n${range(50).join("\n")}\n`, "one.csv": "x\n1\n" });
    const opened = (path: string, holdout: number) => openData(source("csv", path), [input("x", "i32", 50)], { folders: [folder], holdout, seed: 5 });
    const { train, heldOut } = await opened("a.csv", 0.2);
    const { train: kept, heldOut: held } = splitExamples(50, 0.2, 5);
    expect(all(train, "x")).toEqual([...kept]);
    expect(all(heldOut, "x")).toEqual([...held]);
    expect(heldOut.count).toBe(10);
    await expect(opened("one.csv", 0.2)).rejects.toThrow(/one example cannot be split/);
    expect((await opened("one.csv", 0)).train.count).toBe(1);
  });
});

describe("training batches", () => {
  it("are full, and show each example at most once in an epoch", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 40 }), seeds, fc.integer({ min: 0, max: 50 }), (count, batch, seed, epoch) => {
        fc.pre(batch <= count);
        const list = seen(batches(numbered(count), { batch, seed, epoch }));
        expect(list).toHaveLength(batchesPerEpoch(numbered(count), batch));
        expect(list.every((each) => each.length === batch)).toBe(true);
        const flat = list.flat();
        expect(new Set(flat).size).toBe(flat.length);
        expect(flat.length).toBe(count - (count % batch));
        expect(flat.every((index) => index >= 0 && index < count)).toBe(true);
      }),
    );
  });

  it("are the same when they start in the middle of an epoch", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 10 }), seeds, fc.integer({ min: 0, max: 9 }), fc.nat(40), (count, batch, seed, epoch, start) => {
        fc.pre(batch <= count);
        const whole = seen(batches(numbered(count), { batch, seed, epoch }));
        expect(seen(batches(numbered(count), { batch, seed, epoch, start }))).toEqual(whole.slice(start));
      }),
    );
  });

  it("are shuffled anew by epoch and by seed", () => {
    const order = (seed: number, epoch: number) => seen(batches(numbered(64), { batch: 8, seed, epoch })).flat();
    expect(order(1, 0)).not.toEqual(range(64));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
    expect(order(1, 0).toSorted((a, b) => a - b)).toEqual(range(64));
  });

  it("need as many examples as a batch", () => {
    const message = /there are 3 training examples, fewer than one batch of 4/;
    expect(() => batches(numbered(3), { batch: 4, seed: 0, epoch: 0 })).toThrow(message);
    expect(() => batchesPerEpoch(numbered(3), 4)).toThrow(message);
    expect(seen(batches(numbered(4), { batch: 4, seed: 0, epoch: 0 }))).toHaveLength(1);
  });
});

describe("evaluation batches", () => {
  it("show all examples in order, and pad the last batch with the last example", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 40 }), (count, batch) => {
        const list = [...evaluationBatches(numbered(count), batch)];
        expect(list.every((each) => each.inputs.get("x")!.length === batch)).toBe(true);
        expect(list.flatMap((each) => [...each.inputs.get("x")!.subarray(0, each.valid)])).toEqual(range(count));
        expect(list.flatMap((each) => [...each.inputs.get("x")!.subarray(each.valid)]).every((index) => index === count - 1)).toBe(true);
        expect(list.slice(0, -1).every((each) => each.valid === batch)).toBe(true);
      }),
    );
    const [only] = evaluationBatches(numbered(3), 5);
    expect([Array.from(only!.inputs.get("x")!), only!.valid]).toEqual([[0, 1, 2, 2, 2], 3]);
  });
});
