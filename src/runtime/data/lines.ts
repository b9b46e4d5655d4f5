/** The loader `lines`: a text file with one example on each line. */

import { DataError } from "./error.js";
import { rowMajor, type Field, type LoaderRequest, type Parts } from "./field.js";
import { byteLimit, readBytes, tooLarge } from "./read.js";
import { tokenInput } from "./tokens.js";

const newline = 10;
const carriageReturn = 13;

/**
 * Reads the lines (ended by LF or CR LF) of the file `path` as bytes. Provides the token input (see `tokenInput`), each line
 * padded with 0 or cut to the extent of the input's axis, and `length`, the number of bytes that are not padding.
 * Empty lines and zero bytes, which would look like padding, are errors.
 */
export async function loadLines({ access, inputs, path, source }: LoaderRequest): Promise<Parts> {
  const { name, extent } = tokenInput(inputs, ["length"], source);
  const file = await access.demand(path);
  const bytes = await readBytes(file);
  const where = (example: number) => `${file.path}, line ${example + 1}`;
  let count = bytes.at(-1) === newline ? 0 : 1;
  for (const byte of bytes) if (byte === newline) count++;
  if (count * extent > byteLimit) throw tooLarge(file.path, count * extent);
  const values = new Uint8Array(count * extent);
  const lengths = new Uint32Array(count);
  let start = 0;
  for (let line = 0; line < count; line++) {
    const next = bytes.indexOf(newline, start);
    const end = next === -1 ? bytes.length : next;
    const content = bytes.subarray(start, bytes[end - 1] === carriageReturn && end > start ? end - 1 : end);
    if (content.length === 0) throw new DataError(where(line), "the line is empty", "remove it, or use text(…) for running text");
    if (content.includes(0)) {
      throw new DataError(where(line), "the line has a zero byte, which stands for padding", "use a text file, or remove the byte");
    }
    const kept = content.subarray(0, extent);
    values.set(kept, line * extent);
    lengths[line] = kept.length;
    start = end + 1;
  }
  const token: Field = { count, axes: rowMajor([extent]), values, start: 0, step: extent, where };
  const length: Field = { count, axes: [], values: lengths, start: 0, step: 1, where };
  return { train: new Map([[name, token], ["length", length]]) };
}
