/** Examples as files of a page, and back. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DataSet, Examples } from "../../../src/runtime/data/index.js";
import type { InputSpec, TensorData } from "../../../src/runtime/trainer.js";
import { loadData } from "../../../src/runtime/web/data.js";
import { loadedBytes, type StoredType } from "../../../src/runtime/web/stored.js";
import { packData, writeData } from "../../../src/target/web/data.js";
import { input, newFolder, source } from "../../runtime/data/fixtures.js";
import { regressionManifest } from "../../runtime/webgpu/regression.js";

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
  vi.stubGlobal("fetch", async (path: string) => new Response(await readFile(join(folder, path))));
});
afterEach(() => vi.unstubAllGlobals());

/** Examples whose values are a function of their number and of the place in them. */
function examplesOf(count: number, inputs: readonly InputSpec[], value: (i: number) => number): Examples {
  const one = ({ type, axes }: InputSpec, indices: ArrayLike<number>): TensorData => {
    const size = axes.slice(1).reduce((product, { extent }) => product * extent, 1);
    const values = new (type === "f32" ? Float32Array : Int32Array)(indices.length * size);
    return values.map((_, i) => value(indices[Math.floor(i / size)]! * size + (i % size)));
  };
  return { count, take: (indices) => new Map(inputs.map((own) => [own.name, one(own, indices)])) };
}

const cases: [what: string, type: "f32" | "i32", stored: StoredType, divisor: number | undefined, value: (i: number) => number][] = [
  ["bytes as 0 … 1", "f32", "u8", 255, (i) => Math.fround((i % 256) / 255)],
  ["whole numbers in floats", "f32", "u8", undefined, (i) => (i * 7) % 256],
  ["floats", "f32", "f32", undefined, (i) => Math.fround(Math.sin(i))],
  ["a float among bytes, in the last example", "f32", "f32", undefined, (i) => (i === 119 ? 0.3 : 1)],
  ["a negative zero", "f32", "f32", undefined, (i) => (i === 5 ? -0 : 0)],
  ["labels", "i32", "u8", undefined, (i) => i % 10],
  ["token ids", "i32", "u16", undefined, (i) => i * 500],
  ["large and negative numbers", "i32", "i32", undefined, (i) => (i - 60) * 2 ** 24],
];

test.each(cases)("%s come back bit for bit", async (_, type, stored, divisor, value) => {
  const inputs = [input("x[row: 2, column: 3]", type)];
  const manifest = { ...regressionManifest, inputs };
  const set: DataSet = { train: examplesOf(20, inputs, value), heldOut: examplesOf(3, inputs, value), description: "some" };
  const index = await writeData(folder, packData(set, manifest));
  expect(index.training.fields).toEqual([{ input: "x", type: stored, ...(divisor === undefined ? {} : { divisor }), files: [{ path: "data/000.bin", elements: 120, bytes: expect.any(Number) as number }] }]);
  let loaded = 0;
  const back = await loadData(index, manifest, (count) => (loaded += count));
  expect(loaded).toBe(loadedBytes(index));
  expect([back.train.count, back.heldOut.count, back.description]).toEqual([20, 3, "some"]);
  for (const part of ["train", "heldOut"] as const) {
    const indices = Array.from({ length: set[part].count }, (__, i) => i).toReversed();
    expect(back[part].take(indices)).toEqual(set[part].take(indices));
  }
});

test("large data is cut into several files of whole examples", async () => {
  const inputs = [input("x[feature: 3000]", "f32")];
  const manifest = { ...regressionManifest, inputs };
  const train = examplesOf(2000, inputs, (i) => i % 251);
  const index = await writeData(folder, packData({ train, heldOut: examplesOf(0, inputs, () => 0), description: "" }, manifest));
  expect(index.training.fields[0]!.files.map(({ path, elements }) => [path, elements])).toEqual([["data/000.bin", 1398 * 3000], ["data/001.bin", 602 * 3000]]); // prettier-ignore
  expect(index.heldOut).toEqual({ count: 0, fields: [expect.objectContaining({ files: [] })] });
  const back = await loadData(index, manifest, () => undefined);
  expect(back.train.take([0, 1397, 1398, 1999])).toEqual(train.take([0, 1397, 1398, 1999]));
  expect(back.heldOut.count).toBe(0);
});

test("more than a page can hold is refused, with its size", () => {
  const inputs = [input("x[feature: 1024]", "f32")];
  const set: DataSet = { train: examplesOf(140_000, inputs, () => 0.3), heldOut: examplesOf(0, inputs, () => 0), description: "" };
  expect(() => packData(set, { inputs, data: source("npy", "large") })).toThrow("spec.norm:3:8: its examples take 547 MiB, and a page holds 512 MiB at most");
});
