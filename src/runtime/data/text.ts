/** The loader `text`: windows of a running text, for language models. */

import { DataError } from "./error.js";
import { rowMajor, type Field, type LoaderRequest, type Parts } from "./field.js";
import { byteLimit, linesIn, readBytes, tooLarge } from "./read.js";
import { tokenInput } from "./tokens.js";
import { openWordPieces, type WordPieces } from "./wordpiece.js";

/**
 * Cuts the tokens of the file `path` into windows, one after the other, as long as the axis of the token input (see
 * `tokenInput`); tokens that do not fill the last window are left out. Tokens are bytes or, with `wordpiece`, pieces of a
 * vocabulary (see `openWordPieces`). If the model has an input `target`, it takes the token after each position of the window
 * when it has an axis, else the one token after the window.
 */
export async function loadText(request: LoaderRequest): Promise<Parts> {
  const { access, inputs, path, source } = request;
  const { name, extent } = tokenInput(inputs, ["target"], source);
  const pieces = await openWordPieces(request, name);
  const file = await access.demand(path);
  const bytes = await readBytes(file);
  const values = pieces === undefined ? bytes : piecesOf(bytes, pieces, file.path);
  const unit = pieces === undefined ? "byte" : "piece";
  const target = inputs.find((input) => input.name === "target");
  const count = Math.floor((values.length - (target === undefined ? 0 : 1)) / extent);
  if (count === 0) {
    throw new DataError(
      file.path,
      `its ${values.length} ${unit}s do not fill one window of ${extent}${target === undefined ? "" : ` and the ${unit} after it`}`,
      "use a longer text, or a shorter window",
    );
  }
  const shared = { count, values, step: extent, where: (example: number) => `${file.path}, window ${example}` };
  const fields = new Map<string, Field>([[name, { ...shared, axes: rowMajor([extent]), start: 0 }]]);
  if (target !== undefined) {
    const isSequence = target.axes.length > 1;
    fields.set("target", { ...shared, axes: rowMajor(isSequence ? [extent] : []), start: isSequence ? 1 : extent });
  }
  return { train: fields };
}

/** The pieces of a whole text. Their number is within `byteLimit` in bytes, as a text may have more pieces than bytes / 4. */
function piecesOf(bytes: Uint8Array, pieces: WordPieces, path: string): Uint32Array {
  let values = new Uint32Array(1024);
  let count = 0;
  let line = 0;
  for (const content of linesIn(bytes)) {
    const ids = pieces.encode(content, `${path}, line ${++line}`);
    if (count + ids.length > values.length) {
      const size = 2 * (count + ids.length);
      if (size * values.BYTES_PER_ELEMENT > byteLimit) throw tooLarge(path, size * values.BYTES_PER_ELEMENT);
      const larger = new Uint32Array(size);
      larger.set(values.subarray(0, count));
      values = larger;
    }
    values.set(ids, count);
    count += ids.length;
  }
  return values.subarray(0, count);
}
