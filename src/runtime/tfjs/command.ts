/** The command line of a written trainer: `node train.js`. */

import { parseArgs } from "node:util";
import { DataError } from "../data/index.js";
import { RunError } from "../errors.js";
import { interruptedExitCode, watchInterrupts } from "../interrupts.js";
import { defaultRunFolder } from "../run-folder.js";
import { type DeviceChoice, DeviceError, deviceChoices } from "./devices.js";
import { loadTrainer, runTrainer } from "./trainer.js";

const usage = `node train.js [options]

  --data FOLDER    a folder in which the data may lie; may be given several times (default: the current folder)
  --device DEVICE  ${deviceChoices.join(", ")} (default: auto, the first that loads)
  --out FOLDER     the run's folder (default: runs/NAME, or the next that is free)
  --resume         go on from the run's last checkpoint
  --steps N        stop after N steps, instead of what the recipe says
  --json           print the run's summary as JSON, as the last line of standard output
  --help           print this
`;

/** Runs the trainer in `folder` with the process's arguments and gives the exit code: 0 done, 1 failed, 2 wrong use, 130 stopped. */
export async function main(folder: string, args: readonly string[] = process.argv.slice(2)): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const interrupts = watchInterrupts();
  try {
    const trainer = await loadTrainer(folder);
    const summary = await runTrainer(trainer, {
      ...options,
      folder: options.out ?? defaultRunFolder(trainer.manifest.name, options.resume),
      searchFrom: [folder, process.cwd()],
      signal: interrupts.signal,
    });
    return summary.interrupted ? interruptedExitCode : 0;
  } catch (error) {
    if (!(error instanceof RunError || error instanceof DataError || error instanceof DeviceError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    interrupts.dispose();
  }
}

interface Options {
  readonly data: readonly string[];
  readonly device: DeviceChoice;
  readonly out?: string;
  readonly resume: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly steps?: number;
}

/** The options, or what is wrong with them. */
function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: "string", multiple: true, default: ["."] },
        device: { type: "string", default: "auto" },
        out: { type: "string" },
        resume: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        steps: { type: "string" },
      },
    });
    const { data, resume, json, help, out } = values;
    const device = deviceChoices.find((choice) => choice === values.device);
    if (device === undefined) return `there is no device ${values.device}: choose one of ${deviceChoices.join(", ")}`;
    const steps = values.steps === undefined ? undefined : Number(values.steps);
    if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0)) return `--steps takes a whole number above 0, not ${values.steps}`;
    return { data, device, resume, json, help, ...(out === undefined ? {} : { out }), ...(steps === undefined ? {} : { steps }) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
