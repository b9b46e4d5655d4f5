/** Numbers as files store them: element kinds, byte orders, and their decoding to typed arrays. */

import { endianness } from "node:os";

export type Elements =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

type Decode = (buffer: ArrayBuffer, offset: number, count: number) => Elements;

/** How each kind of element is stored; 64-bit integers become float64 (above 2^53 they are no use to a model anyway). */
const kinds = {
  u8: { bytes: 1, decode: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  i8: { bytes: 1, decode: (buffer, offset, count) => new Int8Array(buffer, offset, count) },
  u16: { bytes: 2, decode: (buffer, offset, count) => new Uint16Array(buffer, offset, count) },
  i16: { bytes: 2, decode: (buffer, offset, count) => new Int16Array(buffer, offset, count) },
  u32: { bytes: 4, decode: (buffer, offset, count) => new Uint32Array(buffer, offset, count) },
  i32: { bytes: 4, decode: (buffer, offset, count) => new Int32Array(buffer, offset, count) },
  u64: { bytes: 8, decode: (buffer, offset, count) => wide(new BigUint64Array(buffer, offset, count)) },
  i64: { bytes: 8, decode: (buffer, offset, count) => wide(new BigInt64Array(buffer, offset, count)) },
  f16: { bytes: 2, decode: (buffer, offset, count) => halves(new Uint16Array(buffer, offset, count)) },
  f32: { bytes: 4, decode: (buffer, offset, count) => new Float32Array(buffer, offset, count) },
  f64: { bytes: 8, decode: (buffer, offset, count) => new Float64Array(buffer, offset, count) },
} satisfies Record<string, { bytes: 1 | 2 | 4 | 8; decode: Decode }>;

export type ElementKind = keyof typeof kinds;

/** Bytes of one element as stored. */
export function bytesOf(kind: ElementKind): number {
  return kinds[kind].bytes;
}

/** Decodes `stored`, a whole number of elements. The result may share its memory, and `stored` must not be used afterwards. */
export function decode(stored: Uint8Array, kind: ElementKind, order: "LE" | "BE"): Elements {
  const { bytes, decode: view } = kinds[kind];
  // Typed arrays must start at a multiple of their element size. (A Buffer's `slice` would not copy.)
  const aligned = stored.byteOffset % bytes === 0 ? stored : new Uint8Array(stored);
  const buffer = aligned.buffer as ArrayBuffer;
  if (bytes > 1 && order !== endianness()) {
    const swapped = Buffer.from(buffer, aligned.byteOffset, aligned.byteLength);
    if (bytes === 2) swapped.swap16();
    else if (bytes === 4) swapped.swap32();
    else swapped.swap64();
  }
  return view(buffer, aligned.byteOffset, aligned.byteLength / bytes);
}

function wide(words: BigInt64Array | BigUint64Array): Float64Array {
  const values = new Float64Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = Number(words[i]!);
  return values;
}

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. */
function halves(words: Uint16Array): Float32Array {
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const exponent = (word >>> 10) & 31;
    const fraction = word & 1023;
    let magnitude: number;
    if (exponent === 31) magnitude = fraction === 0 ? Infinity : NaN;
    else if (exponent === 0) magnitude = fraction * 2 ** -24;
    else magnitude = (1024 + fraction) * 2 ** (exponent - 25);
    values[i] = word >>> 15 === 1 ? -magnitude : magnitude;
  }
  return values;
}
