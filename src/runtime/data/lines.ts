/** The loader `lines`: a text file with one example on each line. */

import { DataError } from "./error.js";
import { rowMajor, type Field, type LoaderRequest, type Parts } from "./field.js";
import { byteLimit, linesIn, readBytes, tooLarge } from "./read.js";
import { tokenInput } from "./tokens.js";
import { openWordPieces, type WordPieces } from "./wordpiece.js";

const newline = 10;

/**
 * Reads the lines (ended by LF or CR LF) of the file `path`, as bytes or, with `wordpiece`, as pieces of a vocabulary (see
 * `openWordPieces`). Provides the token input (see `tokenInput`), each line padded with 0 or cut to the extent of the input's
 * axis, and `length`, the number of tokens that are not padding.
 * Lines without tokens are errors, and so are zero bytes, which would look like padding.
 */
export async function loadLines(request: LoaderRequest): Promise<Parts> {
  const { access, inputs, path, source } = request;
  const { name, extent } = tokenInput(inputs, ["length"], source);
  const pieces = await openWordPieces(request, name);
  const file = await access.demand(path);
  const bytes = await readBytes(file);
  const where = (example: number) => `${file.path}, line ${example + 1}`;
  let count = bytes.at(-1) === newline ? 0 : 1;
  for (const byte of bytes) if (byte === newline) count++;
  const kind = pieces === undefined ? Uint8Array : Uint32Array;
  const size = count * extent * kind.BYTES_PER_ELEMENT;
  if (size > byteLimit) throw tooLarge(file.path, size);
  const values = new kind(count * extent);
  const lengths = new Uint32Array(count);
  let line = 0;
  for (const content of linesIn(bytes)) {
    if (content.length === 0) throw new DataError(where(line), "the line is empty", "remove it, or use text(…) for running text");
    const kept = tokensOf(content, pieces, where(line)).slice(0, extent);
    values.set(kept, line * extent);
    lengths[line] = kept.length;
    line++;
  }
  const token: Field = { count, axes: rowMajor([extent]), values, start: 0, step: extent, where };
  const length: Field = { count, axes: [], values: lengths, start: 0, step: 1, where };
  return { train: new Map([[name, token], ["length", length]]) };
}

function tokensOf(content: Uint8Array, pieces: WordPieces | undefined, where: string): Uint8Array | number[] {
  if (pieces !== undefined) {
    const tokens = pieces.encode(content, where);
    if (tokens.length === 0) throw new DataError(where, "the line has no word", "remove it, or use text(…) for running text");
    return tokens;
  }
  if (content.includes(0)) {
    throw new DataError(where, "the line has a zero byte, which stands for padding", "use a text file, or remove the byte");
  }
  return content;
}
