/** The loader `text`: windows of a running text, for language models. */

import { DataError } from "./error.js";
import { rowMajor, type Field, type LoaderRequest, type Parts } from "./field.js";
import { readBytes } from "./read.js";
import { tokenInput } from "./tokens.js";

/**
 * Cuts the bytes of the file `path` into windows, one after the other, as long as the axis of the token input (see
 * `tokenInput`); bytes that do not fill the last window are left out. If the model has an input `target`, it takes the byte
 * after each position of the window when it has an axis, else the one byte after the window.
 */
export async function loadText({ access, inputs, path, source }: LoaderRequest): Promise<Parts> {
  const { name, extent } = tokenInput(inputs, ["target"], source);
  const file = await access.demand(path);
  const values = await readBytes(file);
  const target = inputs.find((input) => input.name === "target");
  const count = Math.floor((values.length - (target === undefined ? 0 : 1)) / extent);
  if (count === 0) {
    throw new DataError(
      file.path,
      `its ${values.length} bytes do not fill one window of ${extent}${target === undefined ? "" : " and the byte after it"}`,
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
