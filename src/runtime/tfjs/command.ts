/** The command line of a written trainer: `node train.js`. */

import { type CommandOptions, runCommand } from "../command.js";
import { type DeviceChoice, deviceChoices } from "./devices.js";
import { loadTrainer, runTrainer } from "./trainer.js";

/** Runs the trainer in `folder` with the process's arguments and gives the exit code: 0 done, 1 failed, 2 wrong use, 130 stopped. */
export function main(folder: string, args: readonly string[] = process.argv.slice(2)): Promise<number> {
  return runCommand({ devices: deviceChoices, load }, folder, args);
}

async function load(folder: string) {
  const trainer = await loadTrainer(folder);
  return {
    manifest: trainer.manifest,
    run: ({ device = "auto", ...options }: CommandOptions<DeviceChoice>) => runTrainer(trainer, { ...options, device, searchFrom: [folder, process.cwd()] }),
  };
}
