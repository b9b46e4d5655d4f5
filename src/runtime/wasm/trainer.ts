/** Loads a written trainer in Node, and runs it: the one way for `train.js` and for the command `norm train`. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FormatError } from "../errors.js";
import { openRun, readBytes, readJson, readManifest, type StartOptions } from "../start.js";
import { Terminal } from "../terminal.js";
import { type Summary, train } from "../train.js";
import { createEngine, type Trainer } from "./engine.js";
import { enableRelaxedSimd } from "./node-features.js";
import type { Plan } from "./plan.js";
import { usualThreads } from "./pool.js";

export type { Trainer } from "./engine.js";

export interface RunOptions extends StartOptions {
  /** By default as many as the machine runs at a time, at most 16. */
  readonly threads?: number;
}

/** As many as the machine runs at a time, at most 16. */
export function defaultThreads(): number {
  return Math.min(usualThreads, availableParallelism());
}

/**
 * Loads the trainer in `folder`: `manifest.json`, `plan.json`, and those of its kernels that this machine's Node runs best.
 * Throws `RunError` when one is missing, `FormatError` when one is damaged.
 */
export async function loadTrainer(folder: string): Promise<Trainer> {
  const usesRelaxed = enableRelaxedSimd();
  const kernels = join(folder, usesRelaxed ? "kernels-relaxed.wasm" : "kernels.wasm");
  const [manifest, plan, module] = await Promise.all([readManifest(folder), readPlan(folder), readBytes(kernels)]);
  if (!WebAssembly.validate(module)) throw new FormatError(kernels, "not a module of WebAssembly, or one for a newer version of Node");
  return { manifest, plan, module, usesRelaxed };
}

async function readPlan(folder: string): Promise<Plan> {
  const path = join(folder, "plan.json");
  const plan = (await readJson(path, "plan")) as Plan | null;
  const isPlan = typeof plan?.bytes === "number" && typeof plan.scratch === "number" && plan.entries?.step !== undefined;
  if (!isPlan) throw new FormatError(path, "not a plan: it has no size of its memory, or no entry `step`");
  return plan;
}

/** Opens the data, starts the threads and trains. Throws what `openRun`, `createEngine` and `train` throw: `DataError`, `RunError`. */
export async function runTrainer(trainer: Trainer, { threads = defaultThreads(), ...options }: RunOptions): Promise<Summary> {
  const { manifest, batches } = await openRun(trainer.manifest, options);
  const engine = await createEngine({ ...trainer, manifest }, threads);
  try {
    const people = new Terminal(options.quiet === true ? { write: () => undefined } : (options.stderr ?? process.stderr));
    people.print(`device ${engine.device} on ${threads} ${threads === 1 ? "thread" : "threads"}`);
    return await train(manifest, engine, batches, options);
  } finally {
    engine.dispose();
  }
}
