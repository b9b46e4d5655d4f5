/** The command line of a written trainer: `node train.js`. */

import { runCommand } from "../command.js";
import { loadTrainer, type RunOptions, runTrainer } from "./trainer.js";

/** Runs the trainer in `folder` with the process's arguments and gives the exit code: 0 done, 1 failed, 2 wrong use, 130 stopped. */
export function main(folder: string, args: readonly string[] = process.argv.slice(2)): Promise<number> {
  return runCommand({ devices: [], takesThreads: true, load }, folder, args);
}

async function load(folder: string) {
  const trainer = await loadTrainer(folder);
  return { manifest: trainer.manifest, run: (options: RunOptions) => runTrainer(trainer, options) };
}
