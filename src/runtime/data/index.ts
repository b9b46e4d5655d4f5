/** Data sets for emitted trainers: from the recipe's `data` line to batches of the model's inputs. */

import type { DataSource, InputSpec } from "../trainer.js";
import { openFolders } from "./access.js";
import { loadCifar10 } from "./cifar10.js";
import { loadCsv } from "./csv.js";
import { DataError } from "./error.js";
import { makeExamples, subset, type Examples } from "./examples.js";
import type { Loader, LoaderOptions } from "./field.js";
import { loadIdx } from "./idx.js";
import { loadImages } from "./images.js";
import { loadLines } from "./lines.js";
import { loadMolecules } from "./molecules.js";
import { loadNpy } from "./npy.js";
import { splitExamples } from "./split.js";
import { loadText } from "./text.js";

export { batches, batchesPerEpoch, evaluationBatches } from "./batches.js";
export { DataError } from "./error.js";
export type { Examples } from "./examples.js";

/** A data set in two parts that share no example. `heldOut` is empty if nothing is held out. */
export interface DataSet {
  readonly train: Examples;
  readonly heldOut: Examples;
  /** One line for the log. */
  readonly description: string;
}

const loaders: ReadonlyMap<string, Loader> = new Map([
  ["idx", loadIdx],
  ["cifar10", loadCifar10],
  ["images", loadImages],
  ["npy", loadNpy],
  ["lines", loadLines],
  ["text", loadText],
  ["csv", loadCsv],
  ["molecules", loadMolecules],
]);

/** What a loader takes beside its path, always by name. */
const optionNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["lines", ["wordpiece"]],
  ["text", ["wordpiece"]],
  ["molecules", ["smiles", "target"]],
]);

/** The names that a recipe's `data` line may call. */
export const loaderNames: readonly string[] = [...loaders.keys()];

/**
 * Reads the data set of a recipe into memory and matches it to the model's inputs by name.
 *
 * Paths are looked up in `folders`, in order, and nothing outside them is read. The data set's own test part is held out
 * if it has one; else a random share `holdout` (0 ≤ holdout < 1) of the examples, chosen by `seed`.
 * Throws a DataError if the source is wrong, a file is damaged, or the data does not fit the inputs.
 */
export async function openData(
  source: DataSource,
  inputs: readonly InputSpec[],
  options: { readonly folders: readonly string[]; readonly holdout: number; readonly seed: number },
): Promise<DataSet> {
  const load = loaders.get(source.loader);
  if (load === undefined) {
    throw new DataError(source.place, `there is no data loader "${source.loader}"`, `use one of ${loaderNames.join(", ")}`);
  }
  const { holdout, seed } = options;
  if (!(holdout >= 0 && holdout < 1)) {
    throw new DataError(source.place, `the held-out share is ${holdout}`, "give a share of at least 0 and below 1");
  }
  const { path, options: loaderOptions } = argumentsOf(source);
  const access = await openFolders(options.folders, source.place);
  const parts = await load({ source, path, options: loaderOptions, inputs, access });
  const all = makeExamples(parts.train, inputs, source);
  if (parts.test !== undefined) {
    const heldOut = makeExamples(parts.test, inputs, source);
    return { train: all, heldOut, description: describe(source, path, all, heldOut, "its own test part", parts.note) };
  }
  if (holdout > 0 && all.count < 2) {
    throw new DataError(source.place, "one example cannot be split into two parts", "use more data, or hold nothing out");
  }
  const split = splitExamples(all.count, holdout, seed);
  const train = subset(all, split.train);
  const heldOut = subset(all, split.heldOut);
  return { train, heldOut, description: describe(source, path, train, heldOut, `a share of ${holdout}`, parts.note) };
}

/** The path, which every loader takes first, and what the loader takes beside it. */
function argumentsOf(source: DataSource): { path: string; options: LoaderOptions } {
  const [path, ...rest] = source.arguments;
  if (path === undefined || typeof path.value !== "string" || (path.name ?? "path") !== "path") {
    throw new DataError(source.place, `${source.loader} needs a path`, `write ${source.loader}("data/…")`);
  }
  const known = optionNames.get(source.loader) ?? [];
  const options = new Map<string, string | number | boolean>();
  for (const { name, value } of rest) {
    if (name === undefined || !known.includes(name) || options.has(name)) {
      const takes = known.length === 0 ? "nothing else" : `each of ${known.join(", ")} once, by name`;
      throw new DataError(source.place, `${source.loader} takes a path and ${takes}, and there is ${name ?? JSON.stringify(value)}`, "remove it");
    }
    options.set(name, value);
  }
  return { path: path.value, options };
}

function describe(source: DataSource, path: string, train: Examples, heldOut: Examples, how: string, note?: string): string {
  const held = heldOut.count === 0 ? "none held out" : `${heldOut.count} held out (${how})`;
  return `${source.loader} ${path}: ${train.count} training examples, ${held}${note === undefined ? "" : `; ${note}`}`;
}
