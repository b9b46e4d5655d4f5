/** The examples of a page: loaded from its folder, and handed over as in Node. */

import type { DataSet } from "../data/index.js";
import { makeExamples, type Examples } from "../data/examples.js";
import { type Field, product, rowMajor } from "../data/field.js";
import type { InputSpec, Manifest } from "../trainer.js";
import { damaged, loadCompressed } from "./files.js";
import { storedArrays, type StoredData, type StoredField, type StoredPart } from "./stored.js";

/**
 * Loads all examples.
 * @param onBytes is told how many more of `loadedBytes` have come.
 * @throws RunError when a file does not come or is damaged; DataError when the data does not fit the model.
 */
export async function loadData(stored: StoredData, manifest: Manifest, onBytes: (count: number) => void): Promise<DataSet> {
  const train = await loadPart(stored.training, manifest, onBytes);
  const heldOut = await loadPart(stored.heldOut, manifest, onBytes);
  return { train, heldOut, description: stored.description };
}

async function loadPart({ count, fields }: StoredPart, { inputs, data }: Manifest, onBytes: (count: number) => void): Promise<Examples> {
  if (count === 0) return { count, take: () => new Map() };
  const loaded = new Map<string, Field>();
  for (const field of fields) {
    const input = inputs.find(({ name }) => name === field.input);
    if (input !== undefined) loaded.set(field.input, await loadField(field, input, count, onBytes));
  }
  return makeExamples(loaded, inputs, data);
}

async function loadField({ type, divisor, files }: StoredField, input: InputSpec, count: number, onBytes: (count: number) => void): Promise<Field> {
  const Elements = storedArrays[type];
  const axes = input.axes.slice(1);
  const size = product(axes.map(({ extent }) => extent));
  const values = new Elements(count * size);
  let filled = 0;
  for (const { path, elements } of files) {
    const bytes = await loadCompressed(path, onBytes);
    if (bytes.length !== elements * Elements.BYTES_PER_ELEMENT || filled + elements > values.length) {
      throw damaged(path, `its ${bytes.length} bytes are not the ${elements} values that data/index.json says`);
    }
    values.set(new Elements(bytes.buffer), filled);
    filled += elements;
  }
  return {
    count,
    axes: rowMajor(axes.map(({ extent }) => extent), axes.map(({ name }) => name)),
    values,
    start: 0,
    step: size,
    ...(divisor === undefined ? {} : { divisor }),
    where: (example) => `example ${example} of the page's data`,
  };
}
