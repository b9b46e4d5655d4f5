/** Loads a written trainer, and runs it: the one way for `train.js` and for the command `norm train`. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeBatches } from "../batches.js";
import { openData } from "../data/index.js";
import { FormatError, RunError, explain } from "../errors.js";
import { train, type Summary, type TrainOptions } from "../train.js";
import type { Manifest } from "../trainer.js";
import { type DeviceChoice, openDevice } from "./devices.js";
import { createEngine } from "./engine.js";
import type { ProgramModule } from "./program.js";

export interface Trainer {
  readonly manifest: Manifest;
  readonly module: ProgramModule;
}

export interface RunOptions extends TrainOptions {
  readonly device: DeviceChoice;
  /** Folders in which the recipe's data may lie, in the order of looking. */
  readonly data: readonly string[];
  /** Steps in place of what the recipe says. */
  readonly steps?: number;
  /** Folders from which TensorFlow.js packages are looked up. */
  readonly searchFrom: readonly string[];
}

/** Loads the trainer in `folder`. Throws `RunError` when there is none, `FormatError` when its manifest is damaged. */
export async function loadTrainer(folder: string): Promise<Trainer> {
  const [manifestPath, programPath] = [join(folder, "manifest.json"), join(folder, "program.js")];
  const [text, program] = await Promise.all([manifestPath, programPath].map(readText)) as [string, string];
  // A folder that was written anew is another module, even in the same process.
  const version = createHash("sha256").update(program).digest("hex").slice(0, 16);
  const module = (await import(`${pathToFileURL(programPath).href}?${version}`)) as ProgramModule;
  return { manifest: parseManifest(text, manifestPath), module };
}

/** Imports the text of a `program.js` that was not written to a folder. */
export async function importProgram(text: string): Promise<ProgramModule> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
  return (await import(/* @vite-ignore */ url)) as ProgramModule;
}

/**
 * Opens the data and the device and trains. Throws what `openData`, `openDevice` and `train` throw: `DataError`,
 * `DeviceError`, `RunError`.
 */
export async function runTrainer({ manifest, module }: Trainer, { device, data, steps, searchFrom, ...options }: RunOptions): Promise<Summary> {
  const { epochs: _, ...withoutEpochs } = manifest;
  const own: Manifest = steps === undefined ? manifest : { ...withoutEpochs, steps };
  const { inputs, holdout, seed } = own;
  const batches = makeBatches(await openData(own.data, inputs, { folders: data, holdout, seed }), own);
  const { tf, name, why } = await openDevice(device, searchFrom);
  if (options.quiet !== true) (options.stderr ?? process.stderr).write(`device ${why}\n`);
  const engine = createEngine(tf, name, module, own);
  try {
    return await train(own, engine, batches, options);
  } finally {
    engine.dispose();
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RunError(`cannot read ${path}: ${explain(cause)}`, { cause });
  }
}

function parseManifest(text: string, path: string): Manifest {
  try {
    return JSON.parse(text) as Manifest;
  } catch (cause) {
    throw new FormatError(path, "not a manifest: it is no JSON", { cause });
  }
}
