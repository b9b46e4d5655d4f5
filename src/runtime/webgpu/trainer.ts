/** Loads a written trainer in Node, and runs it: the one way for `train.js` and for the command `norm train`. */

import { join } from "node:path";
import { FormatError } from "../errors.js";
import { openRun, readJson, readManifest, readText, type StartOptions } from "../start.js";
import { Terminal } from "../terminal.js";
import { type Summary, train } from "../train.js";
import type { Manifest } from "../trainer.js";
import { openDevice } from "./adapter.js";
import { createEngine } from "./engine.js";
import type { Plan } from "./plan.js";

export interface Trainer {
  readonly manifest: Manifest;
  readonly plan: Plan;
}

/**
 * Loads the trainer in `folder`: `manifest.json`, `plan.json` and the shaders that it names. Throws `RunError` when one is
 * missing, `FormatError` when one is damaged.
 */
export async function loadTrainer(folder: string): Promise<Trainer> {
  const [manifest, plan] = await Promise.all([readManifest(folder), readPlan(folder)]);
  return { manifest, plan };
}

/** In the file, shaders are the names of theirs. */
async function readPlan(folder: string): Promise<Plan> {
  const path = join(folder, "plan.json");
  const plan = (await readJson(path, "plan")) as Plan | null;
  const isPlan = Array.isArray(plan?.shaders) && plan.shaders.every((name) => typeof name === "string") && plan.entries?.step !== undefined;
  if (!isPlan) throw new FormatError(path, "not a plan: it has no shaders, or no entry `step`");
  return { ...plan, shaders: await Promise.all(plan.shaders.map((name) => readText(join(folder, name)))) };
}

/**
 * Opens the data and the GPU and trains. Throws what `openRun`, `openDevice`, `createEngine` and `train` throw: `DataError`,
 * `RunError`.
 */
export async function runTrainer({ manifest, plan }: Trainer, options: StartOptions): Promise<Summary> {
  const { manifest: own, batches } = await openRun(manifest, options);
  const open = await openDevice(plan);
  const people = new Terminal(options.quiet === true ? { write: () => undefined } : (options.stderr ?? process.stderr));
  people.print(`device ${open.describe()}; ${usedBy(plan)}`);
  try {
    const engine = await createEngine(open, plan, own, (done, total) => {
      if (people.interactive) people.draw(`compiling kernels ${done}/${total}`);
    });
    people.clear();
    try {
      return await train(own, engine, batches, options);
    } finally {
      engine.dispose();
    }
  } finally {
    people.clear();
    open.device.destroy();
  }
}

/** Which ways of computing the kernels take, in words. */
function usedBy({ features, shaders }: Plan): string {
  const words = new Map([
    ["chromium-experimental-subgroup-matrix", "subgroup matrices"],
    ["shader-f16", "16-bit floats"],
    ["subgroups", "subgroups"],
  ]);
  const used = [...words].filter(([feature]) => features.includes(feature)).map(([, word]) => word);
  return `${shaders.length} kernels use ${used.length === 0 ? "what every GPU has" : used.join(", ")}`;
}
