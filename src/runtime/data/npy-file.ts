/** The NPY format of NumPy, versions 1.0, 2.0 and 3.0, for arrays of numbers. */

import { endianness } from "node:os";
import type { Located } from "./access.js";
import { bytesOf, decode, type ElementKind, type Elements } from "./elements.js";
import { DataError } from "./error.js";
import { product, rowMajor, type FieldAxis } from "./field.js";
import { readBytes, wrongLength } from "./read.js";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

const kindOfType: ReadonlyMap<string, ElementKind> = new Map([
  ["b1", "u8"],
  ["u1", "u8"],
  ["i1", "i8"],
  ["u2", "u16"],
  ["i2", "i16"],
  ["u4", "u32"],
  ["i4", "i32"],
  ["u8", "u64"],
  ["i8", "i64"],
  ["f2", "f16"],
  ["f4", "f32"],
  ["f8", "f64"],
]);

/** The longest header that is read; shape and type of an array of numbers take a hundred bytes. */
const headerLimit = 2 ** 16;

/** An array; its first axis counts the examples. */
export interface NpyArray {
  readonly axes: readonly [FieldAxis, ...FieldAxis[]];
  readonly values: Elements;
}

/** Reads an NPY file in C or Fortran order. Throws a DataError if it is damaged, not NPY, or holds something other than numbers. */
export async function readNpy(file: Located): Promise<NpyArray> {
  const bytes = await readBytes(file);
  const damaged = (fault: string) => new DataError(file.path, fault, "write it again with numpy.save");
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) throw damaged("this does not start as an NPY file does");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw damaged(`its version of the NPY format is ${version}, and 1, 2 and 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerStart = version === 1 ? 10 : 12;
  const start = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw damaged("it ends within its header");
  if (start > headerLimit) throw damaged(`its header of ${start} bytes is longer than ${headerLimit}`);
  // The header is a Python literal; version 3 only adds UTF-8 to the names in structured types, which are refused below.
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + headerStart, start - headerStart).toString("latin1");
  const type = /['"]descr['"]\s*:\s*['"]([<>=|])([a-zA-Z]\d*)['"]/.exec(header);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header);
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,]*)\)/.exec(header);
  if (type === null || order === null || shape === null) {
    throw damaged("its header is damaged, or describes something other than an array of numbers");
  }
  const kind = kindOfType.get(type[2]!);
  if (kind === undefined) throw damaged(`its elements are of type ${type[2]!}, which is no kind of number that can be read`);
  const extents = shape[1]!.split(",").map((text) => text.trim()).filter((text) => text !== "").map(Number);
  const length = start + product(extents) * bytesOf(kind);
  if (length !== bytes.length) throw wrongLength(file.path, length, bytes.length);
  // In Fortran order the first axis varies fastest.
  const [first, ...rest] = order[1] === "True" ? rowMajor(extents.toReversed()).toReversed() : rowMajor(extents);
  if (first === undefined || extents.includes(0)) throw damaged(`its shape is (${extents.join(", ")}), which has no examples or no values`);
  const byteOrder = type[1] === "<" ? "LE" : type[1] === ">" ? "BE" : endianness();
  return { axes: [first, ...rest], values: decode(bytes.subarray(start), kind, byteOrder) };
}
