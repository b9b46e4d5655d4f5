/** How a run begins on every target: its trainer's files are read, and its data is opened. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Batches, makeBatches } from "./batches.js";
import { openData } from "./data/index.js";
import { FormatError, RunError, explain } from "./errors.js";
import type { TrainOptions } from "./train.js";
import type { Manifest } from "./trainer.js";

export interface StartOptions extends TrainOptions {
  /** Folders in which the recipe's data may lie, in the order of looking. */
  readonly data: readonly string[];
  /** Steps in place of what the recipe says. */
  readonly steps?: number;
}

/** The manifest of the trainer in `folder`. Throws `RunError` when there is none, `FormatError` when it is damaged. */
export async function readManifest(folder: string): Promise<Manifest> {
  return (await readJson(join(folder, "manifest.json"), "manifest")) as Manifest;
}

/** Throws `RunError` when the file cannot be read, `FormatError` when it is no JSON. `what` says what it should be. */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(path, `not a ${what}: it is no JSON`, { cause });
  }
}

/** Throws `RunError` when the file cannot be read. */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString("utf8");
}

/** Throws `RunError` when the file cannot be read. */
export async function readBytes(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new RunError(`cannot read ${path}: ${explain(cause)}`, { cause });
  }
}

/** The manifest of this run, and its data in batches. Throws what `openData` throws: `DataError`. */
export async function openRun(manifest: Manifest, { data, steps }: Pick<StartOptions, "data" | "steps">): Promise<{ manifest: Manifest; batches: Batches }> {
  const { epochs: _, ...withoutEpochs } = manifest;
  const own: Manifest = steps === undefined ? manifest : { ...withoutEpochs, steps };
  const { inputs, holdout, seed } = own;
  return { manifest: own, batches: makeBatches(await openData(own.data, inputs, { folders: data, holdout, seed }), own) };
}
