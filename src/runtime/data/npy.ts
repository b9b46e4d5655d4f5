/** The loader `npy`: one NumPy array for each input. */

import { join } from "node:path";
import type { Located } from "./access.js";
import { missingField, type Field, type Fields, type LoaderRequest, type Parts } from "./field.js";
import { partFolders } from "./folders.js";
import { readNpy } from "./npy-file.js";

/**
 * Reads `NAME.npy` for each input NAME in the folder `path`, or in its subfolders `train` and `test` if it has both; or the
 * file `path` itself if the model has one input. The first axis of an array is the example; values are taken as they are.
 */
export async function loadNpy(request: LoaderRequest): Promise<Parts> {
  const { access, inputs, path, source } = request;
  const located = await access.demand(path);
  if (located.kind === "file") {
    const [input, second] = inputs;
    // One array cannot serve two inputs: the second is the one that has nothing.
    if (second !== undefined) throw missingField(second.name, ["a single array"], source);
    return { train: new Map(input === undefined ? [] : [[input.name, await loadField(located)]]) };
  }
  const folders = await partFolders(located, access);
  const train = await loadPart(folders.train, request);
  return folders.test === undefined ? { train } : { train, test: await loadPart(folders.test, request) };
}

async function loadPart(folder: Located, { access, inputs, source }: LoaderRequest): Promise<Fields> {
  const files = (await access.list(folder)).filter((name) => name.endsWith(".npy"));
  const provided = files.map((name) => name.slice(0, -".npy".length));
  const fields = new Map<string, Field>();
  for (const { name } of inputs) {
    if (!provided.includes(name)) throw missingField(name, provided, source);
    fields.set(name, await loadField(await access.demand(join(folder.path, `${name}.npy`))));
  }
  return fields;
}

async function loadField(file: Located): Promise<Field> {
  const { axes, values } = await readNpy(file);
  const [examples, ...rest] = axes;
  return {
    count: examples.extent,
    axes: rest,
    values,
    start: 0,
    step: examples.stride,
    where: (example) => `${file.path}, example ${example}`,
  };
}
