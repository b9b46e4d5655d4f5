import { gzipSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { InputSpec } from "../../../src/runtime/trainer.js";
import { DataError } from "../../../src/runtime/data/index.js";
import { idx, input, newFolder, npy, open, range, write } from "./fixtures.js";

interface Kind {
  readonly loader: string;
  readonly file: string;
  readonly path: string;
  readonly contents: Uint8Array;
  readonly inputs: readonly InputSpec[];
}

const image = input("image[row: 3, column: 4, channel: 1]", "f32");
const noise = sharp(Uint8Array.from(range(300, (i) => (i * 7919) % 251)), { raw: { width: 10, height: 10, channels: 3 } });
const kinds: readonly Kind[] = [
  { loader: "idx", file: "train-images-idx3-ubyte", path: ".", contents: idx("u8", [5, 3, 4], range(60)), inputs: [image] },
  { loader: "idx", file: "train-images-idx3-ubyte.gz", path: ".", contents: gzipSync(idx("f32", [5, 3, 4], range(60))), inputs: [image] },
  { loader: "cifar10", file: "data_batch_1.bin", path: ".", contents: Uint8Array.from(range(2 * 3073, (i) => i % 10)), inputs: [input("label", "i32", 10)] },
  { loader: "npy", file: "x.npy", path: "x.npy", contents: npy("<f4", "f32", [5, 2], range(10)), inputs: [input("x[place: 2]", "f32")] },
  { loader: "npy", file: "x.npy", path: "x.npy", contents: npy(">i8", "i64", [5, 2], range(10), { fortran: true, version: 2 }), inputs: [input("x[place: 2]", "i32", 10)] },
  { loader: "csv", file: "a.csv", path: "a.csv", contents: Buffer.from('x,kind\n1,"a"\n2.5,b\n-3e2,a\n'), inputs: [input("x", "f32"), input("kind", "i32", 3)] },
  { loader: "molecules", file: "a.csv", path: "a.csv", contents: Buffer.from('smiles,y\nCCO,1\nc1ccccc1[N+](=O)[O-],2\n[Na+].[Cl-],"3"\n'), inputs: [input("atom[token: 12]", "i32", 119), input("distance[token: 12, source: 12]", "i32", 9)] },
  { loader: "lines", file: "a.txt", path: "a.txt", contents: Buffer.from("first\nsecond\r\nthird\n"), inputs: [input("token[place: 5]", "i32", 128)] },
  { loader: "text", file: "a.txt", path: "a.txt", contents: Buffer.from("some running text"), inputs: [input("token[place: 5]", "i32", 128)] },
  { loader: "images", file: "a/1.png", path: ".", contents: await noise.clone().png().toBuffer(), inputs: [image] },
  { loader: "images", file: "a/1.jpg", path: ".", contents: await noise.clone().jpeg().toBuffer(), inputs: [image] },
];

/** Bytes cut off at the end, changed, put in, or repeated. */
const damage = fc.record({
  keep: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.boolean(),
  changes: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  more: fc.uint8Array({ maxLength: 6 }),
});

function damaged(contents: Uint8Array, { keep, cut, changes, more }: { keep: number; cut: boolean; changes: [number, number][]; more: Uint8Array }): Uint8Array {
  const bytes = Uint8Array.from(contents.subarray(0, cut ? Math.floor(keep * contents.length) : contents.length));
  // The square aims most changes at the header.
  for (const [place, value] of changes) if (bytes.length > 0) bytes[Math.floor(place * place * bytes.length)] = value;
  return Buffer.concat([bytes, more]);
}

describe("a damaged file", () => {
  for (const { loader, file, path, contents, inputs } of kinds) {
    it(`gives a DataError or valid examples: ${loader} ${file}`, async () => {
      const folder = await newFolder();
      const read = async (bytes: Uint8Array) => {
        await write(folder, { [file]: bytes });
        return open(loader, path, inputs, folder);
      };
      expect((await read(contents)).train.count).toBeGreaterThan(0);
      await fc.assert(
        fc.asyncProperty(damage, async (how) => {
          const opened = await read(damaged(contents, how)).catch((thrown: unknown) => thrown);
          if (opened instanceof DataError) {
            expect(opened.message).toMatch(/^(\/|spec\.norm:3:8)[^\n]*: [^\n]+; [^\n]+$/);
            return;
          }
          if (opened instanceof Error) throw opened;
          const { train } = opened as Awaited<ReturnType<typeof read>>;
          expect(train.count).toBeGreaterThan(0);
          const taken = train.take([0, train.count - 1]);
          for (const { name, type, below } of inputs) {
            for (const value of taken.get(name)!) {
              const valid = type === "f32" ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < below!;
              expect(valid).toBe(true);
            }
          }
        }),
        { numRuns: 150 },
      );
    });
  }

  it("that is cut anywhere is always an error where the format says its length", async () => {
    for (const { loader, file, path, contents, inputs } of kinds) {
      if (["csv", "molecules", "lines", "text"].includes(loader)) continue;
      const folder = await newFolder();
      const step = Math.ceil(contents.length / 40);
      // The last 12 bytes of a PNG file only mark its end: no pixel is lost with them.
      const end = contents.length - (file.endsWith(".png") ? 12 : 0);
      for (let length = 0; length < end; length += step) {
        await write(folder, { [file]: contents.subarray(0, length) });
        const opened = open(loader, path, inputs, folder);
        // Half of the bytes of two CIFAR-10 records are one record.
        if (loader === "cifar10" && length === 3073) await opened;
        else await expect(opened, `${file} cut to ${length}`).rejects.toBeInstanceOf(DataError);
      }
    }
  });

  it("that is larger than the limit is not read", async () => {
    const folder = await newFolder();
    const { truncate } = await import("node:fs/promises");
    await write(folder, { "x.npy": npy("<f4", "f32", [1], [1]) });
    await truncate(`${folder}/x.npy`, 3 * 2 ** 30);
    await expect(open("npy", "x.npy", [input("x", "f32")], folder)).rejects.toThrow(/3221225472 bytes are more than the limit of 2147483647/);
  });
});
