import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { all, input, open } from "./fixtures.js";

const folder = fileURLToPath(new URL("../../../examples/data", import.meta.url));

describe.skipIf(!existsSync(`${folder}/digits`))("the digits written by scripts/digits.mjs", () => {
  it("are 9,000 and 1,000 pictures of all ten classes", async () => {
    const inputs = [input("image[row: 28, column: 28, channel: 1]", "f32"), input("label", "i32", 10)];
    const { train, heldOut } = await open("idx", "digits", inputs, folder);
    expect([train.count, heldOut.count]).toEqual([9000, 1000]);
    const tally = (labels: number[]) => labels.reduce((counts, label) => counts.with(label, counts[label]! + 1), Array<number>(10).fill(0));
    const [inTrain, inTest] = [tally(all(train, "label")), tally(all(heldOut, "label"))];
    expect(inTrain.map((count, label) => count + inTest[label]!)).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    expect(Math.min(...inTest)).toBeGreaterThan(60);
    // Classes are interleaved: no long run of one class.
    const start = all(train, "label").slice(0, 100);
    expect(new Set(start).size).toBe(10);
    const image = train.take([0]).get("image")!;
    expect(image.some((value) => value > 0.9)).toBe(true);
    expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});
