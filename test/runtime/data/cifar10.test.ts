import { describe, expect, it } from "vitest";
import { all, input, newFolder, open, range, write } from "./fixtures.js";

const image = input("image[row: 32, column: 32, channel: 3]", "f32");
const label = input("label", "i32", 10);

/** A record whose red, green and blue planes hold different functions of row and column. */
function record(of: number): Uint8Array {
  const pixels = range(3 * 1024, (i) => (of + Math.floor(i / 1024) * 80 + Math.floor((i % 1024) / 32) + 2 * (i % 32)) % 256);
  return Uint8Array.of(of, ...pixels);
}

describe("cifar10", () => {
  it("reads the batches in order and turns planes into channels", async () => {
    const folder = await newFolder();
    await write(folder, {
      "data_batch_1.bin": Buffer.concat([record(3), record(8)]),
      "data_batch_2.bin": record(5),
      "test_batch.bin": record(9),
      "batches.meta.txt": "airplane\n",
    });
    const { train, heldOut } = await open("cifar10", ".", [image, label], folder);
    expect(all(train, "label")).toEqual([3, 8, 5]);
    expect(all(heldOut, "label")).toEqual([9]);
    const values = train.take([1]).get("image")!;
    for (const [row, column, channel] of [[0, 0, 0], [5, 7, 1], [31, 31, 2]] as const) {
      const expected = ((8 + channel * 80 + row + 2 * column) % 256) / 255;
      expect(values[(row * 32 + column) * 3 + channel]).toBe(Math.fround(expected));
    }
    const planes = await open("cifar10", ".", [input("image[channel: 3, row: 32, column: 32]", "i32", 256)], folder);
    expect(Array.from(planes.train.take([2]).get("image")!)).toEqual(Array.from(record(5).subarray(1)));
  });

  it("names the file and the example of a label that is out of range", async () => {
    const folder = await newFolder();
    await write(folder, { "data_batch_1.bin": Buffer.concat([record(1), record(2)]), "data_batch_2.bin": Buffer.concat([record(3), record(77)]) });
    await expect(open("cifar10", ".", [label], folder)).rejects.toThrow(/data_batch_2\.bin, example 1: "label" is 77/);
  });

  it("refuses files that are not whole", async () => {
    const folder = await newFolder();
    await expect(open("cifar10", ".", [image], folder)).rejects.toThrow(/there is no data_batch_1\.bin/);
    await write(folder, { "data_batch_1.bin": record(1).subarray(1) });
    await expect(open("cifar10", ".", [image], folder)).rejects.toThrow(/its 3072 bytes are not a whole number of records/);
    await write(folder, { "data_batch_1.bin": "" });
    await expect(open("cifar10", ".", [image], folder)).rejects.toThrow(/the file is empty/);
  });
});
