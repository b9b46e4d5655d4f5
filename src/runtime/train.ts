/** A whole training run: from the spec's manifest to weights in a folder. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Batches } from "./batches.js";
import {
  checkpointPath,
  loadCheckpoint,
  saveCheckpoint,
  saveWeights,
  weightsPath,
  type Checkpoint,
  type Origin,
  type RunState,
} from "./checkpoint.js";
import { RunError } from "./errors.js";
import { createFolder } from "./files.js";
import { begin } from "./imports/start.js";
import { formatBytes, formatCount, formatSeconds, formatValue } from "./format.js";
import { isComplete, TrainingLoop, type CheckpointInterval } from "./loop.js";
import type { Measured, MeasureTaker } from "./measuring.js";
import { metricsPath, MetricsLog, readLosses, readMetrics } from "./metrics.js";
import { Observers, type RunObserver } from "./observer.js";
import { plotLine } from "./plot.js";
import { formatMeasures, Progress } from "./progress.js";
import { Terminal, type Output } from "./terminal.js";
import type { Engine, Manifest } from "./trainer.js";

export interface TrainOptions {
  /** The run folder; it is created when it is missing. */
  readonly folder: string;
  /** Goes on from the folder's checkpoint. */
  readonly resume?: boolean;
  /** Folders in which files may lie that the recipe begins with; nothing outside them is read. */
  readonly data?: readonly string[];
  /** What stands for the stages that the recipe begins with, by name: a run's folder, or a file of weights. */
  readonly from?: ReadonlyMap<string, string>;
  /** Prints nothing for people, but what is wrong with a log. */
  readonly quiet?: boolean;
  /** Prints the summary as the last line on `stdout`, and all text for people on `stderr`. */
  readonly json?: boolean;
  /** Checkpoints between the ends of epochs; by default each 30 seconds. */
  readonly checkpointEvery?: CheckpointInterval;
  /** Aborting it stops the run after the steps under way, with everything saved: see `watchInterrupts`. */
  readonly signal?: AbortSignal;
  /** Who else is told how the run goes. */
  readonly observers?: readonly RunObserver[];
  /** By default those of the process. */
  readonly stdout?: Output;
  readonly stderr?: Output;
}

/** What came out of a run. */
export interface Summary {
  readonly spec: string;
  readonly device: string;
  readonly seed: number;
  /** Training steps done. */
  readonly steps: number;
  /** Seconds of training and evaluation, over all sessions of the run. */
  readonly seconds: number;
  /** The training loss, smoothed over about the last 20 steps; null before the first step. */
  readonly loss: number | null;
  /** The last held-out means, such as `{ loss: 0.21, accuracy: 0.94 }`, and what measures last came out as; null where one was not finite. */
  readonly measures: Readonly<Record<string, Measured>>;
  readonly folder: string;
  /** True when the run was stopped before its end. */
  readonly interrupted: boolean;
}

/**
 * Trains the manifest's model on `data` by `engine`, which stays the caller's to dispose. The run folder gets
 * `checkpoint.safetensors`, `metrics.jsonl` and, at the end or when interrupted, `weights.safetensors`.
 *
 * A run that was killed at any moment and resumed gives the same weights, bit for bit, as one that never stopped, if the
 * device is the same. Results of an earlier run are never overwritten: a fresh start in its folder is refused.
 *
 * Throws `RunError` when the folder or its checkpoint do not fit, `FormatError` when the checkpoint is damaged,
 * `SaveError` when something cannot be written, `TrainingFault` when a step gives NaN or infinity.
 */
export async function train(
  manifest: Manifest,
  engine: Engine,
  data: Batches,
  options: TrainOptions,
): Promise<Summary> {
  const { folder, json = false, stdout = process.stdout, stderr = process.stderr } = options;
  const people = new Terminal(options.quiet ? { write: () => undefined } : json ? stderr : stdout);
  const steps = manifest.steps ?? (manifest.epochs ?? 0) * data.stepsPerEpoch;
  // What only measures need is loaded only where there are some.
  const measuring = manifest.measures === undefined ? undefined : (await import("./measures.js")).measuresOf(manifest, engine, data, steps);
  const checkpoint = await openFolder(manifest, data, options);
  people.print(...header(manifest, engine, data, steps, folder, people));

  let state: RunState = checkpoint?.state ?? { step: 0, evaluatedAt: 0, loss: null, measures: {}, measuredAt: 0, measured: {}, seconds: 0 };
  let origins = checkpoint?.origins ?? [];
  let complete = isComplete(state, steps);
  const observers = new Observers(options.observers ?? [], (message) => {
    people.clear();
    stderr.write(`${message}\n`);
  });
  if (!observers.areNone) {
    const { step, seconds } = state;
    observers.start({ manifest, folder, device: engine.device, steps, step, seconds, kept: readMetrics(folder, state) });
  }
  try {
    if (checkpoint && complete) {
      people.print(`This run is finished: nothing is left to train.`);
      // It may have been killed after its last checkpoint, before these.
      await saveWeights(folder, manifest, checkpoint);
    } else {
      if (options.resume) people.print(...resumption(checkpoint, steps, engine));
      await engine.initialise();
      if (checkpoint) await engine.write(checkpoint.values);
      else if (manifest.start !== undefined) origins = await beginWith(manifest, engine, people, options);
      ({ state, complete } = await runLoop(manifest, engine, data, steps, { state, origins }, measuring, observers, people, options));
    }
  } catch (error) {
    await observers.end({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
  await observers.end({ kind: complete ? "finished" : "interrupted" });

  if (complete) people.print(...closing(folder, state, people));
  else {
    people.print(
      `Stopped after step ${state.step} of ${steps}; checkpoint and weights are saved in ${folder}.`,
      "To go on, run the same command with --resume.",
    );
  }
  const { spec, seed } = manifest;
  const { loss, seconds } = state;
  const measures = { ...state.measures, ...state.measured };
  const interrupted = !complete;
  const summary = {
    spec,
    device: engine.device,
    seed,
    steps: state.step,
    seconds,
    loss,
    measures,
    folder,
    interrupted,
  };
  if (json) stdout.write(`${JSON.stringify(summary)}\n`);
  return summary;
}

/** Gives the engine the values that the recipe begins with; those that it says nothing of stay as they were drawn. */
async function beginWith(manifest: Manifest, engine: Engine, people: Terminal, { folder, data = [], from = new Map() }: TrainOptions): Promise<readonly Origin[]> {
  const { values, origins, remarks } = await begin(manifest, await engine.read(), { data, from, runs: dirname(folder) });
  await engine.write(values);
  people.print(...remarks.map((remark) => `${people.colors.dim("from")}   ${remark}`));
  return origins;
}

async function runLoop(
  manifest: Manifest,
  engine: Engine,
  data: Batches,
  steps: number,
  { state: from, origins }: Pick<Checkpoint, "state" | "origins">,
  measures: MeasureTaker | undefined,
  observers: Observers,
  people: Terminal,
  { folder, signal, checkpointEvery = { seconds: 30 } }: TrainOptions,
): Promise<{ state: RunState; complete: boolean }> {
  const { batch } = manifest;
  const extent = { steps, stepsPerEpoch: data.stepsPerEpoch, batch, startStep: from.step };
  const log = await MetricsLog.open(folder, from);
  const loop = new TrainingLoop(
    {
      engine,
      data,
      log: {
        append: (metrics) => {
          log.append(metrics);
          observers.line(metrics);
        },
        flush: () => log.flush(),
      },
      steps,
      batch,
      checkpointEvery,
      signal,
      measures,
      progress: new Progress(people, extent),
      now: () => performance.now() / 1000,
      save: async (state) => {
        await saveCheckpoint(folder, manifest, data, { state, origins, device: engine.device, values: await engine.read() });
      },
      describeKept: (step) =>
        step > 0 ? `The checkpoint after step ${step} is kept in ${folder}.` : "There is no checkpoint yet.",
    },
    from,
  );
  const onAbort = (): void => people.print("Stopping after what is under way; press Ctrl-C again to stop at once.");
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const complete = await loop.run();
    // After the checkpoint, never before it: weights without a checkpoint would look like another run's.
    await saveWeights(folder, manifest, { state: loop.state, origins, values: await engine.read() });
    return { state: loop.state, complete };
  } finally {
    signal?.removeEventListener("abort", onAbort);
    log.close();
  }
}

/** Throws `RunError` when a new run in the folder would destroy an earlier one. */
export function requireNoRun(folder: string): void {
  const existing = filesOf(folder).find((path) => existsSync(path));
  if (existing === undefined) return;
  throw new RunError(
    `${folder} already holds a run (${existing}): continue it with --resume, or choose another folder for a new one`,
  );
}

function filesOf(folder: string): string[] {
  return [checkpointPath(folder), weightsPath(folder)];
}

/** Creates the folder, or gives what is to be continued in it; refuses to destroy an earlier run. */
async function openFolder(
  manifest: Manifest,
  data: Batches,
  { folder, resume }: TrainOptions,
): Promise<Checkpoint | undefined> {
  if (!resume) requireNoRun(folder);
  const existing = filesOf(folder).find((path) => existsSync(path));
  await createFolder(folder);
  const checkpoint = resume ? loadCheckpoint(folder, manifest, data) : undefined;
  if (!checkpoint && existing !== undefined) {
    throw new RunError(`${folder} holds weights (${existing}) but no checkpoint to resume from: choose another folder`);
  }
  return checkpoint;
}

function header(
  manifest: Manifest,
  engine: Engine,
  data: Batches,
  steps: number,
  folder: string,
  people: Terminal,
): string[] {
  const { bold, dim } = people.colors;
  const { parameters, flopsPerStep, peakBytes } = manifest.cost;
  const epochs = manifest.epochs === undefined ? "" : `${manifest.epochs} epochs × ${data.stepsPerEpoch} steps = `;
  const lines: [string, string][] = [
    ["data", data.description],
    [
      "model",
      `${formatCount(parameters)} parameters, ${withUnit(flopsPerStep, "FLOP")} per step, ` +
        `${formatBytes(peakBytes)} of memory at the predicted peak`,
    ],
    ["run", `${epochs}${steps} steps of ${manifest.batch} examples, saved in ${folder}`],
  ];
  if (manifest.precision === "mixed") {
    const stored = engine.storesHalf === true ? "activations and gradients stored in 16 bits" : "stored as float32 here";
    lines.push(["floats", `mixed precision (${stored})`]);
  }
  return [
    `${bold(manifest.spec)} on ${engine.device}, seed ${manifest.seed}`,
    ...lines.map(([name, text]) => `${dim(name)}${" ".repeat(7 - name.length)}${text}`),
  ];
}

/** `4.2 M` and `FLOP` give `4.2 MFLOP`. */
function withUnit(count: number, unit: string): string {
  const text = formatCount(count);
  return /\d$/.test(text) ? `${text} ${unit}` : text + unit;
}

function resumption(checkpoint: Checkpoint | undefined, steps: number, engine: Engine): string[] {
  if (!checkpoint) return ["There is no checkpoint to resume from: starting from the beginning."];
  const lines = [`Resuming after step ${checkpoint.state.step} of ${steps}.`];
  if (checkpoint.device !== engine.device) {
    lines.push(
      `The checkpoint was made on ${checkpoint.device}: the last bits of results may differ from those there.`,
    );
  }
  return lines;
}

function closing(folder: string, { step, loss, measures, seconds }: RunState, people: Terminal): string[] {
  const width = Math.min(people.width, 100);
  const curve = plotLine(readLosses(folder), { title: "training loss", xLabel: "step", width, height: 8 });
  const lines = [
    "",
    ...curve,
    "",
    `${step} steps in ${formatSeconds(seconds)}, training loss ${formatValue(loss ?? NaN)}`,
  ];
  if (Object.keys(measures).length > 0) lines.push(people.colors.bold(`held out: ${formatMeasures(measures)}`));
  return [...lines, `${weightsPath(folder)}, ${metricsPath(folder)}`];
}
