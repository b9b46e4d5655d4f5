/** The IDX format of the MNIST files: two zero bytes, element type, rank, big-endian extents, then the elements. */

import type { Located } from "./access.js";
import { bytesOf, decode, type ElementKind, type Elements } from "./elements.js";
import { DataError } from "./error.js";
import { product } from "./field.js";
import { readBytes, readGzip, wrongLength } from "./read.js";

const kindOfCode: ReadonlyMap<number, ElementKind> = new Map([
  [0x08, "u8"],
  [0x09, "i8"],
  [0x0b, "i16"],
  [0x0c, "i32"],
  [0x0d, "f32"],
  [0x0e, "f64"],
]);

/** The longest header: rank 255. */
const longestHeader = 4 + 4 * 255;

interface Header {
  readonly kind: ElementKind;
  readonly extents: readonly number[];
  /** Where the elements start. */
  readonly start: number;
  /** Length of the whole file, uncompressed. */
  readonly length: number;
}

/** Reads an IDX file, compressed if its name ends in `.gz`. Throws a DataError if it is damaged or not IDX. */
export async function readIdx(file: Located): Promise<{ extents: readonly number[]; values: Elements }> {
  const parse = (head: Uint8Array) => parseHeader(head, file.path);
  const bytes = file.path.endsWith(".gz")
    ? await readGzip(file, longestHeader, (head) => parse(head).length)
    : await readBytes(file);
  const { kind, extents, start, length } = parse(bytes);
  if (bytes.length !== length) throw wrongLength(file.path, length, bytes.length);
  return { extents, values: decode(bytes.subarray(start), kind, "BE") };
}

function parseHeader(head: Uint8Array, path: string): Header {
  const kind = head.length < 4 || head[0] !== 0 || head[1] !== 0 ? undefined : kindOfCode.get(head[2]!);
  const rank = head[3] ?? 0;
  const start = 4 + 4 * rank;
  if (kind === undefined || rank === 0 || head.length < start) {
    throw new DataError(path, "this does not start as an IDX file does", "use a file in the format of MNIST");
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const extents = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (extents.includes(0)) throw new DataError(path, `its header says [${extents.join(", ")}], which holds nothing`, "fetch or write it again");
  return { kind, extents, start, length: start + product(extents) * bytesOf(kind) };
}
