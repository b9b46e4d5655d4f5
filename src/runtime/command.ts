/** The command line of every written trainer: `node train.js`. */

import { parseArgs } from "node:util";
import { DataError } from "./data/index.js";
import { RunError } from "./errors.js";
import { readPlaces } from "./imports/places.js";
import { interruptedExitCode, watchInterrupts } from "./interrupts.js";
import { defaultRunFolder } from "./run-folder.js";
import type { StartOptions } from "./start.js";
import type { Summary } from "./train.js";
import type { Manifest } from "./trainer.js";

/** What the command line says; the device and the threads only where it names them. */
export interface CommandOptions<Device extends string> extends StartOptions {
  readonly device?: Device;
  readonly threads?: number;
}

/** A trainer that was loaded from its folder. */
export interface RunnableTrainer<Device extends string> {
  readonly manifest: Manifest;
  run(options: CommandOptions<Device>): Promise<Summary>;
}

/** What targets differ in. */
export interface TargetCommand<Device extends string> {
  /** What `--device` takes, the default first; none for a target without a choice. */
  readonly devices: readonly Device[];
  /** Whether there is `--threads`; left out, there is not. */
  readonly takesThreads?: boolean;
  load(folder: string): Promise<RunnableTrainer<Device>>;
}

/** Runs the trainer in `folder` with the process's arguments and gives the exit code: 0 done, 1 failed, 2 wrong use, 130 stopped. */
export async function runCommand<Device extends string>(target: TargetCommand<Device>, folder: string, args: readonly string[]): Promise<number> {
  const options = readOptions(args, target);
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage(target)}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage(target));
    return 0;
  }
  const interrupts = watchInterrupts();
  try {
    const trainer = await target.load(folder);
    const from = readPlaces(options.from, trainer.manifest);
    if (typeof from === "string") {
      process.stderr.write(`${from}\n`);
      return 2;
    }
    const runFolder = options.out ?? defaultRunFolder(trainer.manifest.name, options.resume);
    const summary = await trainer.run({ ...options, from, folder: runFolder, signal: interrupts.signal });
    return summary.interrupted ? interruptedExitCode : 0;
  } catch (error) {
    if (!(error instanceof RunError || error instanceof DataError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    interrupts.dispose();
  }
}

function usage({ devices, takesThreads = false }: TargetCommand<string>): string {
  const lines = [
    ["--data FOLDER", "a folder in which the data may lie; may be given several times (default: the current folder)"],
    ...(devices.length === 0 ? [] : [["--device DEVICE", `${devices.join(", ")} (default: ${devices[0]}, the first that loads)`]]),
    ...(takesThreads ? [["--threads N", "compute on N CPU threads (default: as many as run at a time, at most 16)"]] : []),
    ["--out FOLDER", "the run's folder (default: runs/NAME, or the next that is free)"],
    ["--from STAGE=PATH", "the run's folder, or the weights, of a stage that this recipe begins with (default: the run beside this one's)"],
    ["--resume", "go on from the run's last checkpoint"],
    ["--steps N", "stop after N steps, instead of what the recipe says"],
    ["--json", "print the run's summary as JSON, as the last line of standard output"],
    ["--help", "print this"],
  ];
  return `node train.js [options]\n\n${lines.map(([option, meaning]) => `  ${option!.padEnd(18)} ${meaning}\n`).join("")}`;
}

interface Options<Device extends string> {
  readonly data: readonly string[];
  readonly device?: Device;
  readonly threads?: number;
  readonly out?: string;
  readonly from: readonly string[];
  readonly resume: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly steps?: number;
}

/** The options, or what is wrong with them. */
function readOptions<Device extends string>(args: readonly string[], { devices, takesThreads = false }: TargetCommand<Device>): Options<Device> | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: "string", multiple: true, default: ["."] },
        device: { type: "string" },
        threads: { type: "string" },
        out: { type: "string" },
        from: { type: "string", multiple: true, default: [] },
        resume: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        steps: { type: "string" },
      },
    });
    const { data, from, resume, json, help, out } = values;
    const device = devices.find((choice) => choice === values.device);
    if (values.device !== undefined && device === undefined) {
      return devices.length === 0 ? "this trainer takes no --device" : `there is no device ${values.device}: choose one of ${devices.join(", ")}`;
    }
    if (values.threads !== undefined && !takesThreads) return "this trainer takes no --threads";
    const numbers: { steps?: number; threads?: number } = {};
    for (const name of ["steps", "threads"] as const) {
      const text = values[name];
      if (text === undefined) continue;
      const number = Number(text);
      if (!(Number.isSafeInteger(number) && number > 0)) return `--${name} takes a whole number above 0, not ${text}`;
      numbers[name] = number;
    }
    return { data, from, resume, json, help, ...(device === undefined ? {} : { device }), ...(out === undefined ? {} : { out }), ...numbers };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
