/** How long the cells of an ablation will take: a few steps of the base are timed, and the rest follows from the operations. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTask } from "../compare/ablation/folder.js";
import type { PreparedConfiguration } from "../compare/ablation/prepare.js";
import type { Compiled } from "../compiler/compile.js";
import { DataError } from "../runtime/data/error.js";
import { metricsPath } from "../runtime/metrics.js";
import { openRun } from "../runtime/start.js";
import { runJobs } from "./jobs.js";

export interface Prediction {
  /** Seconds of one cell, by configuration. */
  readonly seconds: ReadonlyMap<string, number>;
  /** What it rests on, for people. */
  readonly basis: string;
}

/** Steps that are timed, after the first ones, in which everything is compiled and allocated. */
const timedSteps = 24;
const firstSteps = 4;

/**
 * Times the base's first recipe, on the target and with the threads of its cell. Undefined when that cannot be done here, for
 * want of data, say.
 */
export async function predict(cell: string, base: PreparedConfiguration, configurations: readonly PreparedConfiguration[]): Promise<Prediction | undefined> {
  const [first] = base.recipes;
  if (first === undefined) return undefined;
  const task = readTask(cell);
  const timed = await timeSteps(cell, task.recipes[0]!);
  if (timed === undefined) return undefined;
  const extent = await extentOf(first, task.data);
  if (extent === undefined) return undefined;
  const perFlop = timed.step / first.manifest.cost.flopsPerStep;
  const seconds = new Map(configurations.flatMap(({ name, recipes }) => (recipes.length === 0 ? [] : [[name, timed.start + recipes.reduce((sum, recipe) => sum + secondsOf(recipe, perFlop, extent), 0)] as const])));
  return { seconds, basis: `${timedSteps} steps of the base were timed here` };
}

/** Seconds of a training step, and of everything before the first one. */
async function timeSteps(cell: string, recipe: string): Promise<{ readonly step: number; readonly start: number } | undefined> {
  const { spec, data, target, threads } = readTask(cell);
  const folder = mkdtempSync(join(tmpdir(), "norm-"));
  const out = join(folder, recipe);
  const options = [...(target === undefined ? [] : ["--target", target]), ...(threads === undefined ? [] : ["--threads", String(threads)]), ...data.flatMap((own) => ["--data", own])];
  try {
    const start = performance.now();
    let isDone = false;
    const job = { arguments: ["train", `${join(cell, spec)}#${recipe}`, "--out", out, "--steps", String(firstSteps + timedSteps), ...options], log: join(folder, "log.txt") };
    await runJobs([job], 1, new AbortController().signal, async (_, { code }) => void (isDone = code === 0));
    const whole = (performance.now() - start) / 1000;
    if (!isDone) return undefined;
    const lines = readFileSync(metricsPath(out), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { step: number; seconds?: number });
    const at = (step: number) => lines.find((line) => line.step === step && line.seconds !== undefined)?.seconds;
    const [from, to] = [at(firstSteps), at(firstSteps + timedSteps)];
    return from === undefined || to === undefined ? undefined : { step: (to - from) / timedSteps, start: Math.max(0, whole - to) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Extent {
  readonly training: number;
  readonly heldOut: number;
}

async function extentOf({ manifest }: Compiled, data: readonly string[]): Promise<Extent | undefined> {
  try {
    const { batches } = await openRun(manifest, { data });
    return { training: batches.trainingExamples, heldOut: batches.heldOutExamples };
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** An evaluation after each epoch is the forward pass over what is held out. */
function secondsOf({ manifest, cost }: Compiled, perFlop: number, { training, heldOut }: Extent): number {
  const { batch, cost: { flopsPerStep } } = manifest;
  const perEpoch = Math.max(1, Math.floor(training / batch));
  const steps = manifest.steps ?? (manifest.epochs ?? 0) * perEpoch;
  const evaluations = Math.max(1, Math.ceil(steps / perEpoch)) * Math.ceil(heldOut / batch);
  return perFlop * (steps * flopsPerStep + evaluations * (cost.entries.get("evaluate")?.flops.total ?? 0));
}
