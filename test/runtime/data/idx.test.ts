import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { all, idx, input, newFolder, open, range, write } from "./fixtures.js";

const image = input("image[row: 2, column: 3, channel: 1]", "f32");
const label = input("label", "i32", 10);
const images = idx("u8", [4, 2, 3], range(24, (i) => i * 11));
const labels = idx("u8", [4], [3, 1, 4, 9]);

describe("idx", () => {
  it("reads plain, compressed and dotted files alike", async () => {
    const namings = [
      { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels },
      { "train-images-idx3-ubyte.gz": gzipSync(images), "train-labels-idx1-ubyte.gz": gzipSync(labels) },
      { "train-images.idx3-ubyte": images, "train-labels.idx1-ubyte.gz": gzipSync(labels) },
    ];
    for (const files of namings) {
      const folder = await newFolder();
      await write(folder, files);
      const { train, heldOut } = await open("idx", ".", [image, label], folder);
      expect(all(train, "image")).toEqual(range(24, (i) => Math.fround((i * 11) / 255)));
      expect(all(train, "label")).toEqual([3, 1, 4, 9]);
      expect(heldOut.count).toBe(0);
    }
  });

  it("holds out the test part of its own", async () => {
    const folder = await newFolder();
    await write(folder, {
      "mnist/train-images-idx3-ubyte": images,
      "mnist/train-labels-idx1-ubyte": labels,
      "mnist/t10k-images-idx3-ubyte": idx("u8", [1, 2, 3], range(6)),
      "mnist/t10k-labels-idx1-ubyte": idx("u8", [1], [7]),
    });
    const { train, heldOut } = await open("idx", "mnist", [image, label], folder);
    expect(train.count).toBe(4);
    expect(all(heldOut, "label")).toEqual([7]);
  });

  it("reads files that share a prefix", async () => {
    const folder = await newFolder();
    await write(folder, {
      "emnist-letters-train-images-idx3-ubyte": images,
      "emnist-letters-train-labels-idx1-ubyte": labels,
      "emnist-digits-train-images-idx3-ubyte": idx("u8", [1, 2, 3], range(6)),
    });
    expect((await open("idx", "emnist-letters", [image, label], folder)).train.count).toBe(4);
    expect((await open("idx", "emnist-digits", [image], folder)).train.count).toBe(1);
    await expect(open("idx", "emnist", [image], folder)).rejects.toThrow(/emnist is no folder with a file train-images-idx3-ubyte/);
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(/is no folder with a file train-images-idx3-ubyte/);
  });

  it("gives integer inputs the bytes as they are", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": images });
    const { train } = await open("idx", ".", [input("image[row: 2, column: 3]", "i32", 256)], folder);
    expect(all(train, "image")).toEqual(range(24, (i) => i * 11));
  });

  it("reads every element type, and any rank", async () => {
    const values = [9, 1, 2, 100, 127, 5];
    for (const kind of ["u8", "i8", "i16", "i32", "f32", "f64"] as const) {
      for (const extents of [[6], [3, 2], [2, 3, 1], [1, 1, 2, 3], [2, 1, 1, 1, 3]]) {
        const folder = await newFolder();
        const signed = kind === "u8" ? values : values.map((value) => -value);
        await write(folder, { "train-images-idx1-ubyte": idx(kind, extents, signed) });
        const names = extents.length === 3 || extents.length === 4 ? ["row", "column", "channel"] : ["a", "b", "c", "d"];
        const shape = `image[${extents.slice(1).map((extent, i) => `${names[i]}: ${extent}`).join(", ")}]`;
        const { train } = await open("idx", ".", [input(shape, "f32")], folder);
        expect(train.count).toBe(extents[0]);
        expect(all(train, "image")).toEqual(signed.map((value) => Math.fround(kind === "u8" ? value / 255 : value)));
      }
    }
  });

  it("matches axes by name, in any order", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": idx("u8", [1, 2, 3], range(6)) });
    const { train } = await open("idx", ".", [input("image[channel: 1, column: 3, row: 2]", "i32", 256)], folder);
    expect(all(train, "image")).toEqual([0, 3, 1, 4, 2, 5]);
    for (const shape of ["image[row: 3, column: 2]", "image[height: 2, width: 3]", "image[row: 2]", "image[row: 2, column: 3, channel: 3]"]) {
      await expect(open("idx", ".", [input(shape, "f32")], folder)).rejects.toThrow(
        /the model's input is image\[.*\] for each example, and the data .* gives image\[row: 2, column: 3, channel: 1\]/,
      );
    }
  });

  it("names the file, the example and the value that is out of range", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels });
    await expect(open("idx", ".", [image, input("label", "i32", 4)], folder)).rejects.toThrow(
      /train-labels-idx1-ubyte, example 2: "label" is 4, which is not a whole number in 0 … 3;/,
    );
    await write(folder, { "train-images-idx3-ubyte": idx("f32", [4, 2, 3], [...range(23), NaN]) });
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(
      /train-images-idx3-ubyte, example 3: "image" at \[1, 2, 0\] is NaN/,
    );
    await write(folder, { "train-images-idx3-ubyte": idx("f64", [4, 1, 1], [1, 2, 3, 1e39]) });
    await expect(open("idx", ".", [input("image[row: 1, column: 1]", "f32")], folder)).rejects.toThrow(/is not a finite 32-bit float/);
  });

  it("refuses files that do not belong together, and names that are ambiguous", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": idx("u8", [5], range(5)) });
    await expect(open("idx", ".", [image, label], folder)).rejects.toThrow(/5 examples of "label" and 4 of "image"/);
    await write(folder, { "train-labels.idx1-ubyte": labels });
    await expect(open("idx", ".", [image, label], folder)).rejects.toThrow(/both train-labels-idx1-ubyte and train-labels\.idx1-ubyte/);
  });

  it("takes the plain file when its compressed twin is there too", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": images, "train-images-idx3-ubyte.gz": "not gzip" });
    expect((await open("idx", ".", [image], folder)).train.count).toBe(4);
  });

  it("says which field is missing", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte": images });
    await expect(open("idx", ".", [image, label], folder)).rejects.toThrow(
      /^spec\.norm:3:8: the model's input "label" has no field of that name in the data: idx provides image;/,
    );
  });
});

describe("an IDX header that lies", () => {
  const header = (extents: number[]) => idx("u8", extents, []);
  const sized = async (contents: Uint8Array, compressed: boolean) => {
    const folder = await newFolder();
    await write(folder, { [`train-images-idx3-ubyte${compressed ? ".gz" : ""}`]: compressed ? gzipSync(contents) : contents });
    return open("idx", ".", [image], folder);
  };

  it("is found before memory is taken", async () => {
    for (const compressed of [false, true]) {
      const before = process.memoryUsage().arrayBuffers;
      await expect(sized(header([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]), compressed)).rejects.toThrow(/header says|limit/);
      await expect(sized(header([1000, 1000, 1000]), compressed)).rejects.toThrow(/header says 1000000016 bytes in all/);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
      await expect(sized(header([0, 28, 28]), compressed)).rejects.toThrow(/holds nothing/);
      await expect(sized(images.subarray(0, -1), compressed)).rejects.toThrow(/header says 40 bytes in all/);
      await expect(sized(Buffer.concat([images, Uint8Array.of(0)]), compressed)).rejects.toThrow(/header says 40 bytes in all/);
      await expect(sized(images.subarray(0, 7), compressed)).rejects.toThrow(/does not start as an IDX file/);
      await expect(sized(Uint8Array.of(0, 0, 8, 0), compressed)).rejects.toThrow(/does not start as an IDX file/);
      await expect(sized(Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0), compressed)).rejects.toThrow(/does not start as an IDX file/);
    }
    await expect(sized(new Uint8Array(0), false)).rejects.toThrow(/the file is empty/);
  });

  it("does not let a gzip bomb unpack", async () => {
    // 256 MiB of zeros in a quarter of a megabyte, behind a header for 24 bytes.
    const bomb = gzipSync(Buffer.concat([images, Buffer.alloc(2 ** 28)]), { level: 1 });
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte.gz": bomb });
    const before = process.memoryUsage().rss;
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(/header says 40 bytes in all, and there are more/);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
  });

  it.runIf(process.platform === "linux")("does not leave its file open", async () => {
    const folder = await newFolder();
    // Random bytes: far more than is read before the fault is found.
    await write(folder, { "train-images-idx3-ubyte.gz": gzipSync(Buffer.concat([images, randomBytes(2 ** 21)])) });
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(/there are more/);
    const isOpen = (number: string) => {
      try {
        return readlinkSync(`/proc/self/fd/${number}`).startsWith(folder);
      } catch {
        return false;
      }
    };
    await vi.waitFor(() => expect(readdirSync("/proc/self/fd").filter(isOpen)).toEqual([]));
  });

  it("is not the fault of a file that is not gzip, or cut short", async () => {
    const folder = await newFolder();
    await write(folder, { "train-images-idx3-ubyte.gz": images });
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(/not a whole gzip file \(incorrect header check\)/);
    await write(folder, { "train-images-idx3-ubyte.gz": gzipSync(images).subarray(0, -9) });
    await expect(open("idx", ".", [image], folder)).rejects.toThrow(/not a whole gzip file \(unexpected end of file\)/);
  });
});
