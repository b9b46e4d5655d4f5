/** `norm cell`: one cell of an ablation, in a process of its own, from its task to its outcome. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Outcome, type Task, outcomePath, readOutcome, readTask, writeJson } from "../compare/ablation/folder.js";
import { checkpointPath } from "../runtime/checkpoint.js";
import { DataError } from "../runtime/data/error.js";
import { RunError } from "../runtime/errors.js";
import type { Summary } from "../runtime/train.js";
import { hold } from "./ablation-lock.js";
import { ProblemsFound, UsageError } from "./exit.js";
import { train } from "./train.js";

/**
 * Trains the recipes of the cell one after the other, going on where a run was stopped, and writes what came of it. A cell that
 * has an outcome is left as it is.
 * @throws Interrupted with everything saved, and no outcome; ProblemsFound when the cell failed, which its outcome says.
 */
export async function trainCell(folder: string): Promise<void> {
  const task = readTask(folder);
  stopWithParent();
  // So a cluster ends a task that was cancelled or has to make room, half a minute before it kills it.
  process.once("SIGTERM", () => process.kill(process.pid, "SIGINT"));
  const release = await takeOver(folder);
  try {
    if (readOutcome(folder) === undefined) await trainTask(folder, task);
  } finally {
    release();
  }
}

/** Seconds that a cell waits for the process of an ablation that was killed, which is saving what it has. */
const patience = 60;

/** @throws RunError when another process keeps the cell */
async function takeOver(folder: string): Promise<() => void> {
  for (let waited = 0; ; waited++) {
    try {
      return hold(folder);
    } catch (error) {
      if (waited >= patience) throw error;
      await setTimeout(1000);
    }
  }
}

async function trainTask(folder: string, task: Task): Promise<void> {
  const summaries = new Map<string, Summary>();
  const outcome = (rest: Pick<Outcome, "status" | "error">): Outcome => ({
    ...rest,
    seconds: [...summaries.values()].reduce((total, { seconds }) => total + seconds, 0),
    values: Object.fromEntries([...summaries].map(([recipe, { loss, measures }]) => [recipe, { loss, ...measures }])),
  });
  try {
    for (const recipe of task.recipes) summaries.set(recipe, await trainRecipe(folder, task, recipe));
  } catch (error) {
    if (!(error instanceof RunError || error instanceof DataError || error instanceof UsageError || error instanceof ProblemsFound)) throw error;
    const message = error.message === "" ? "the spec has mistakes" : error.message;
    process.stderr.write(`norm: ${message}\n`);
    await writeJson(outcomePath(folder), outcome({ status: "failed", error: message }));
    throw new ProblemsFound();
  }
  await writeJson(outcomePath(folder), outcome({ status: "finished" }));
}

async function trainRecipe(folder: string, task: Task, recipe: string): Promise<Summary> {
  const { target, threads, mlflow, data } = task;
  const out = join(folder, recipe);
  return train(`${join(folder, task.spec)}#${recipe}`, {
    out,
    data,
    resume: existsSync(checkpointPath(out)),
    tensorboard: true,
    identity: { experiment: task.ablation, run: task.name, parameters: { ...task.choices, seed: String(task.seed) } },
    ...(target !== undefined && { target }),
    ...(threads !== undefined && { threads }),
    ...(mlflow !== undefined && { mlflow }),
  });
}

/** An ablation that was killed has nobody left to train for: its cells stop as with Ctrl-C, with everything saved. */
function stopWithParent(): void {
  if (process.send === undefined) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGINT"));
  process.channel?.unref();
}
