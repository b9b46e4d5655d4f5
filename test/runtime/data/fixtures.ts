/** Files and inputs for the tests of the data layer. */

import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { openData, type DataSet, type Examples } from "../../../src/runtime/data/index.js";
import type { DataArgument, DataSource, InputSpec } from "../../../src/runtime/trainer.js";

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** A new folder, removed after the test file. */
export async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "norm-data-")));
  made.push(folder);
  return folder;
}

export async function write(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
}

/** An input from `name[row: 2, column: 3]`, with `batch` put first. */
export function input(shape: string, type: "f32" | "i32", below?: number): InputSpec {
  const match = /^(\w+)(?:\[(.*)\])?$/.exec(shape)!;
  const axes = (match[2] ?? "")
    .split(",")
    .filter((text) => text !== "")
    .map((text) => {
      const [name, extent] = text.split(":") as [string, string];
      return { name: name.trim(), extent: Number(extent) };
    });
  return { name: match[1]!, type, axes: [{ name: "batch", extent: 4 }, ...axes], ...(below === undefined ? {} : { below }) };
}

export function source(loader: string, ...values: (string | DataArgument)[]): DataSource {
  const args = values.map((value) => (typeof value === "string" ? { value } : value));
  return { loader, arguments: args, place: "spec.norm:3:8" };
}

/** Opens data with nothing held out. */
export function open(loader: string, path: string, inputs: readonly InputSpec[], folder: string): Promise<DataSet> {
  return openData(source(loader, path), inputs, { folders: [folder], holdout: 0, seed: 1 });
}

/** All values of one input, as plain numbers. */
export function all(examples: Examples, name: string): number[] {
  return Array.from(examples.take(Array.from({ length: examples.count }, (_, i) => i)).get(name)!);
}

type Kind = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f32" | "f64";
const writers: Record<Kind, { bytes: number; put: (view: DataView, at: number, value: number, little: boolean) => void }> = {
  u8: { bytes: 1, put: (view, at, value) => view.setUint8(at, value) },
  i8: { bytes: 1, put: (view, at, value) => view.setInt8(at, value) },
  u16: { bytes: 2, put: (view, at, value, little) => view.setUint16(at, value, little) },
  i16: { bytes: 2, put: (view, at, value, little) => view.setInt16(at, value, little) },
  u32: { bytes: 4, put: (view, at, value, little) => view.setUint32(at, value, little) },
  i32: { bytes: 4, put: (view, at, value, little) => view.setInt32(at, value, little) },
  u64: { bytes: 8, put: (view, at, value, little) => view.setBigUint64(at, BigInt(value), little) },
  i64: { bytes: 8, put: (view, at, value, little) => view.setBigInt64(at, BigInt(value), little) },
  f32: { bytes: 4, put: (view, at, value, little) => view.setFloat32(at, value, little) },
  f64: { bytes: 8, put: (view, at, value, little) => view.setFloat64(at, value, little) },
};

/** Numbers as bytes. */
export function encode(kind: Kind, values: readonly number[], little: boolean): Uint8Array {
  const { bytes, put } = writers[kind];
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (const [i, value] of values.entries()) put(view, i * bytes, value, little);
  return new Uint8Array(view.buffer);
}

const idxCodes = { u8: 8, i8: 9, i16: 11, i32: 12, f32: 13, f64: 14 };

export function idx(kind: keyof typeof idxCodes, extents: readonly number[], values: readonly number[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(0, 0, idxCodes[kind], extents.length), encode("u32", extents, false), encode(kind, values, false)]);
}

/** An NPY file as numpy.save writes it; `values` in the order of the file. */
export function npy(
  type: string,
  kind: Kind,
  extents: readonly number[],
  values: readonly number[],
  { fortran = false, version = 1 }: { fortran?: boolean; version?: number } = {},
): Uint8Array {
  const shape = `(${extents.join(", ")}${extents.length === 1 ? "," : ""})`;
  const literal = `{'descr': '${type}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }`;
  const before = version === 1 ? 10 : 12;
  const header = Buffer.from(`${literal.padEnd(Math.ceil((before + literal.length + 1) / 64) * 64 - before - 1)}\n`);
  return Buffer.concat([
    Buffer.from("\x93NUMPY", "latin1"),
    Uint8Array.of(version, 0),
    encode(version === 1 ? "u16" : "u32", [header.length], true),
    header,
    encode(kind, values, !type.startsWith(">")),
  ]);
}

/** The whole numbers 0 … count − 1, through `map`. */
export function range(count: number, map: (i: number) => number = (i) => i): number[] {
  return Array.from({ length: count }, (_, i) => map(i));
}
