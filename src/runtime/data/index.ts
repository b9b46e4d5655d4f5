/** Data sets for emitted trainers: from the recipe's `data` line to batches of the model's inputs. */

import type { DataSource, InputSpec } from "../trainer.js";
import { openFolders } from "./access.js";
import { loadCifar10 } from "./cifar10.js";
import { loadCsv } from "./csv.js";
import { DataError } from "./error.js";
import { makeExamples, subset, type Examples } from "./examples.js";
import type { Loader } from "./field.js";
import { loadIdx } from "./idx.js";
import { loadImages } from "./images.js";
import { loadLines } from "./lines.js";
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
  const path = pathOf(source);
  const access = await openFolders(options.folders, source.place);
  const parts = await load({ source, path, inputs, access });
  const all = makeExamples(parts.train, inputs, source);
  if (parts.test !== undefined) {
    const heldOut = makeExamples(parts.test, inputs, source);
    return { train: all, heldOut, description: describe(source, path, all, heldOut, "its own test part") };
  }
  if (holdout > 0 && all.count < 2) {
    throw new DataError(source.place, "one example cannot be split into two parts", "use more data, or hold nothing out");
  }
  const split = splitExamples(all.count, holdout, seed);
  const train = subset(all, split.train);
  const heldOut = subset(all, split.heldOut);
  return { train, heldOut, description: describe(source, path, train, heldOut, `a share of ${holdout}`) };
}

/** The one argument that every loader takes. */
function pathOf(source: DataSource): string {
  const [path, extra] = source.arguments;
  if (path === undefined || typeof path.value !== "string" || (path.name ?? "path") !== "path") {
    throw new DataError(source.place, `${source.loader} needs a path`, `write ${source.loader}("data/…")`);
  }
  if (extra !== undefined) {
    throw new DataError(
      source.place,
      `${source.loader} takes a path and nothing else, and there is ${extra.name ?? JSON.stringify(extra.value)}`,
      "remove it",
    );
  }
  return path.value;
}

function describe(source: DataSource, path: string, train: Examples, heldOut: Examples, how: string): string {
  const held = heldOut.count === 0 ? "none held out" : `${heldOut.count} held out (${how})`;
  return `${source.loader} ${path}: ${train.count} training examples, ${held}`;
}
