/**
 * The safetensors format (https://github.com/huggingface/safetensors): tensors in a file that cannot run code.
 *
 * Eight bytes give the length of a JSON header, little-endian; the header gives each tensor's type, shape and range of
 * bytes; the values follow, row-major, little-endian, without gaps. A file is untrusted: all that it says is checked.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { explain, FormatError, RunError } from "./errors.js";
import { writeAtomically } from "./files.js";
import { encodeSafetensors, type Safetensors, type StoredTensor } from "./safetensors-bytes.js";
import { parseHeader, quote } from "./safetensors-header.js";
import type { ElementType } from "./trainer.js";

export { encodeSafetensors, type Safetensors, type StoredTensor };

/** Writes a file atomically. Throws `SaveError`. */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  await writeAtomically(path, encodeSafetensors(content));
}

/** Reads a file's bytes; `file` names them in messages. Throws `FormatError`. */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  return decode((start, length) => bytes.subarray(start, start + length), bytes.length, file);
}

/**
 * Reads a file tensor by tensor. Throws `FormatError`, or `RunError` when the file cannot be opened or read.
 * @param isWanted says which tensors are read; of the others, only what the header says is checked.
 */
export function readSafetensors(path: string, isWanted?: (name: string) => boolean): Safetensors {
  let file: number | undefined;
  try {
    const opened = openSync(path, "r");
    file = opened;
    return decode((start, length) => readRange(opened, start, length), fstatSync(opened).size, path, isWanted);
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError(`cannot read ${path}: ${explain(cause)}`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readRange(file: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    // One read call cannot take more than 2 GiB.
    const count = readSync(file, bytes, done, Math.min(length - done, 0x40000000), start + done);
    if (count === 0) throw new Error("the file became shorter while it was read");
    done += count;
  }
  return bytes;
}

function decode(read: (start: number, length: number) => Uint8Array, size: number, file: string, isWanted: (name: string) => boolean = () => true): Safetensors {
  if (size < 8) throw new FormatError(file, "too short for a safetensors file");
  const length = viewOf(read(0, 8)).getBigUint64(0, true);
  // The limit of the format's reference implementation.
  if (length > 100_000_000n)
    throw new FormatError(file, `its header claims ${length} bytes; at most 100000000 are allowed`);
  const start = 8 + Number(length);
  if (start > size) throw new FormatError(file, `its header claims ${length} bytes, but the file has only ${size}`);
  const header = parseHeader(read(8, Number(length)), size - start, file);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, stored, shape, begin, end } of header.entries) {
    if (!isWanted(name)) continue;
    const reader = readers.get(stored);
    if (!reader) throw new FormatError(file, `tensor ${quote(name)} has type ${stored}, which is not supported here`);
    const view = viewOf(read(start + begin, end - begin));
    const count = (end - begin) / reader.bytes;
    const data = reader.type === "f32" ? new Float32Array(count) : new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const value = reader.read(view, i * reader.bytes);
      data[i] = value;
      if (reader.narrows && data[i] !== value && !isRounded(reader.type, data[i]!, value)) {
        throw new FormatError(file, `tensor ${quote(name)} holds ${value}, which is out of range for ${reader.type}`);
      }
    }
    tensors.set(name, { type: reader.type, shape, data });
  }
  return { tensors, metadata: header.metadata };
}

/** Whether `kept` is a proper rounding of `value`: finite floats may lose digits, but not become infinite. */
function isRounded(type: ElementType, kept: number, value: number): boolean {
  return type === "f32" && (Number.isFinite(kept) || Number.isNaN(value));
}

interface Reader {
  readonly type: ElementType;
  readonly bytes: number;
  /** True when not all values fit in `type`. */
  readonly narrows?: boolean;
  read(view: DataView, at: number): number;
}

const readers = new Map<string, Reader>([
  ["F32", { type: "f32", bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ["I32", { type: "i32", bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  ["F64", { type: "f32", bytes: 8, narrows: true, read: (view, at) => view.getFloat64(at, true) }],
  ["F16", { type: "f32", bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) }],
  ["BF16", { type: "f32", bytes: 2, read: (view, at) => brainToNumber(view.getUint16(at, true)) }],
  ["I64", { type: "i32", bytes: 8, narrows: true, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ["U8", { type: "i32", bytes: 1, read: (view, at) => view.getUint8(at) }],
]);

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function brainToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
