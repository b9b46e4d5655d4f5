/** Loads a written trainer, and runs it: the one way for `train.js` and for the command `norm train`. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openRun, readManifest, readText, type StartOptions } from "../start.js";
import { train, type Summary } from "../train.js";
import type { Manifest } from "../trainer.js";
import { type DeviceChoice, openDevice } from "./devices.js";
import { createEngine } from "./engine.js";
import type { ProgramModule } from "./program.js";

export interface Trainer {
  readonly manifest: Manifest;
  readonly module: ProgramModule;
}

export interface RunOptions extends StartOptions {
  readonly device: DeviceChoice;
  /** Folders from which TensorFlow.js packages are looked up. */
  readonly searchFrom: readonly string[];
}

/** Loads the trainer in `folder`. Throws `RunError` when there is none, `FormatError` when its manifest is damaged. */
export async function loadTrainer(folder: string): Promise<Trainer> {
  const path = join(folder, "program.js");
  const [manifest, program] = await Promise.all([readManifest(folder), readText(path)]);
  // A folder that was written anew is another module, even in the same process.
  const version = createHash("sha256").update(program).digest("hex").slice(0, 16);
  return { manifest, module: (await import(`${pathToFileURL(path).href}?${version}`)) as ProgramModule };
}

/** Imports the text of a `program.js` that was not written to a folder. */
export async function importProgram(text: string): Promise<ProgramModule> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
  return (await import(/* @vite-ignore */ url)) as ProgramModule;
}

/**
 * Opens the data and the device and trains. Throws what `openRun`, `openDevice` and `train` throw: `DataError`, `RunError`.
 */
export async function runTrainer({ manifest, module }: Trainer, { device, searchFrom, ...options }: RunOptions): Promise<Summary> {
  const { manifest: own, batches } = await openRun(manifest, options);
  const { tf, name, why } = await openDevice(device, searchFrom);
  if (options.quiet !== true) (options.stderr ?? process.stderr).write(`device ${why}\n`);
  const engine = createEngine(tf, name, module, own);
  try {
    return await train(own, engine, batches, options);
  } finally {
    engine.dispose();
  }
}
