/** `norm ablate --on slurm`: cells are trained as tasks of a job array, and this waits for them. */

import { existsSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { outcomePath, readOutcome, readPlanned, readTask, writeJson } from "../compare/ablation/folder.js";
import { checkpointPath } from "../runtime/checkpoint.js";
import { RunError } from "../runtime/errors.js";
import { interruptedExitCode, watchInterrupts } from "../runtime/interrupts.js";
import { outcomeLine } from "./ablation-run.js";
import { diedOf } from "./died.js";
import { Interrupted } from "./exit.js";
import { type ArrayTask, readTasks, slurmLogPath, submitCells, writeTasks } from "./slurm-array.js";
import { type Job, type TaskState, endedTasksOf, hasEnded, tasksOf } from "./slurm-commands.js";

/** Seconds between two looks at Slurm: few at first and when cells end, more when nothing happens. */
const shortestWait = 1;
const usualWait = 5;
const longestWait = 30;

/** Seconds after which a file that another machine wrote is seen here, on network file systems. */
const patience = 60;

/**
 * Trains cells that have no outcome on the cluster, and gives each one: those that tasks have already are waited for, the others
 * are submitted. Cells that were cancelled, or whose time was up, stay without an outcome, which is told.
 * @param folder the ablation's. @param cells their folders.
 * @throws Interrupted after Ctrl-C, with the jobs left to themselves; RunError when Slurm cannot be reached, or refuses.
 */
export async function trainOnSlurm(folder: string, cells: readonly string[]): Promise<void> {
  const interrupts = watchInterrupts();
  try {
    const progress = new Progress(folder, cells);
    const tasks = await attach(folder, cells, progress);
    const left = await waitFor(folder, tasks, progress, interrupts.signal);
    if (left.length > 0) {
      const jobs = [...new Set(left.map(({ job }) => job.id))].join(" ");
      process.stderr.write(`The cluster goes on with ${counted(left.length)}; the same command collects them. \`scancel ${jobs}\` stops them.\n`);
      throw new Interrupted(String(interruptedExitCode));
    }
    const unfinished = cells.filter((cell) => readOutcome(cell) === undefined).length;
    if (unfinished > 0) process.stderr.write(`${counted(unfinished)} ${unfinished === 1 ? "is" : "are"} unfinished; the same command goes on with ${unfinished === 1 ? "it" : "them"}.\n`);
  } finally {
    interrupts.dispose();
  }
}

const counted = (count: number): string => `${count} cell${count === 1 ? "" : "s"}`;

/** Tells of cells as they end. */
class Progress {
  readonly #total: number;
  #ended: number;

  constructor(folder: string, waiting: readonly string[]) {
    this.#total = readPlanned(folder).configurations.reduce((total, { cells }) => total + cells.length, 0);
    this.#ended = this.#total - waiting.length;
    if (this.#ended > 0) process.stderr.write(`${this.#ended} of ${this.#total} cells are finished already\n`);
  }

  /** @param unfinished why the cell has no outcome, if it has none. */
  tell(cell: string, unfinished = ""): void {
    const outcome = readOutcome(cell);
    if (outcome !== undefined) this.#ended++;
    process.stderr.write(`[${this.#ended}/${this.#total}] ${basename(cell)}: ${outcome === undefined ? unfinished : outcomeLine(outcome)}\n`);
  }
}

/** The tasks that train the cells: those that are under way, and for the other cells new ones. */
async function attach(folder: string, cells: readonly string[], progress: Progress): Promise<ArrayTask[]> {
  const names = new Set(cells.map((cell) => basename(cell)));
  const before = readTasks(folder).filter(({ cell }) => names.has(cell));
  const states = await statesOf(before);
  if (states === undefined) throw new RunError(`Slurm does not say what became of job ${jobsOf(before).map(({ id }) => id).join(", ")}: try again later, or remove ${join(folder, "slurm", "job.json")} if they are gone`);
  const underWay = before.filter((task) => !hasEnded(states.get(task)));
  for (const task of before) if (!underWay.includes(task)) await settle(folder, task, states.get(task), progress);
  const taken = new Set(underWay.map(({ cell }) => cell));
  const rest = cells.filter((cell) => readOutcome(cell) === undefined && !taken.has(basename(cell)));
  if (rest.length === 0) {
    await writeTasks(folder, underWay);
    if (underWay.length > 0) tellOf(underWay, "has");
    return underWay;
  }
  const tasks = await submitCells(folder, rest, underWay);
  if (underWay.length > 0) tellOf(underWay, "has");
  tellOf(tasks.slice(underWay.length), "is submitted with");
  return tasks;
}

function tellOf(tasks: readonly ArrayTask[], verb: string): void {
  for (const job of jobsOf(tasks)) process.stderr.write(`Slurm's job ${job.id} ${verb} ${counted(tasks.filter((task) => isOf(task, job)).length)}\n`);
}

/** Waits for tasks, and settles each that has ended. @returns those that are under way when `signal` is aborted */
async function waitFor(folder: string, tasks: readonly ArrayTask[], progress: Progress, signal: AbortSignal): Promise<readonly ArrayTask[]> {
  let left = tasks;
  let wait = shortestWait;
  const silent = new Map<ArrayTask, number>();
  while (left.length > 0) {
    await setTimeout(wait * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return left;
    // First Slurm, then the files: what a task wrote before it ended is there.
    const states = await statesOf(left);
    const still: ArrayTask[] = [];
    for (const task of left) {
      const cell = cellFolder(folder, task);
      const ended = states !== undefined && hasEnded(states.get(task));
      if (readOutcome(cell) === undefined && ended && mayHaveOutcome(states.get(task)) && !silent.has(task)) silent.set(task, performance.now());
      const late = performance.now() - (silent.get(task) ?? -Infinity) < patience * 1000;
      if (readOutcome(cell) === undefined && (!ended || late)) still.push(task);
      else await settle(folder, task, states?.get(task), progress);
    }
    if (still.length < left.length) await writeTasks(folder, still);
    wait = still.length < left.length ? Math.min(wait, usualWait) : Math.min(wait * 1.5, longestWait);
    left = still;
  }
  return left;
}

/** Whether a task ended as it does after it has written its cell's outcome. */
function mayHaveOutcome(task: TaskState | undefined): boolean {
  return task !== undefined && (task.state === "COMPLETED" || (task.state === "FAILED" && task.code === 1));
}

const cellFolder = (folder: string, { cell }: ArrayTask): string => join(folder, "cells", cell);

const isOf = ({ job }: ArrayTask, { id, cluster }: Job): boolean => job.id === id && job.cluster === cluster;

function jobsOf(tasks: readonly ArrayTask[]): Job[] {
  return [...new Map(tasks.map(({ job }) => [`${job.id};${job.cluster ?? ""}`, job])).values()];
}

/** What Slurm says of each task, those that it no longer knows missing; undefined when it does not answer. */
async function statesOf(tasks: readonly ArrayTask[]): Promise<ReadonlyMap<ArrayTask, TaskState> | undefined> {
  const states = new Map<ArrayTask, TaskState>();
  for (const job of jobsOf(tasks)) {
    const known = await tasksOf(job);
    if (known === undefined) return undefined;
    const own = tasks.filter((task) => isOf(task, job));
    const forgotten = own.some(({ index }) => !known.has(index)) ? await endedTasksOf(job) : undefined;
    for (const task of own) {
      const state = known.get(task.index) ?? forgotten?.get(task.index);
      if (state !== undefined) states.set(task, state);
    }
  }
  return states;
}

/** Tells of a cell whose task has ended, and gives it an outcome when the fault is its own. */
async function settle(folder: string, task: ArrayTask, state: TaskState | undefined, progress: Progress): Promise<void> {
  const cell = cellFolder(folder, task);
  let unfinished: string | undefined;
  if (readOutcome(cell) === undefined) {
    // Its process is gone, on a machine whose processes cannot be seen from here.
    rmSync(join(cell, "lock"), { force: true });
    unfinished = whyUnfinished(cell, state, slurmLogPath(folder, task));
    if (unfinished === undefined) await writeJson(outcomePath(cell), diedOf(cell, `Slurm's task ${task.job.id}_${task.index} ${endingOf(state!)}`));
  }
  const log = slurmLogPath(folder, task);
  if (existsSync(log) && statSync(log).size === 0) rmSync(log);
  progress.tell(cell, unfinished);
}

/** Slurm's own signal for a task that it could not launch. */
const notLaunched = 53;
/** Codes of a shell that found no command, and of the script that found no cell. */
const notStarted = [126, 127];

/** Why a cell without an outcome can go on where it is; undefined when it would only end in the same way. */
function whyUnfinished(cell: string, task: TaskState | undefined, log: string): string | undefined {
  if (task === undefined) return "unfinished: Slurm knows nothing more of its task";
  const { state, code, signal } = task;
  if (state === "CANCELLED") return "unfinished: it was cancelled";
  if (state === "PREEMPTED" || state === "REVOKED") return "unfinished: it had to make room";
  if (state === "FAILED" && code === interruptedExitCode) return "unfinished: it was stopped, with a checkpoint";
  if (signal === notLaunched || (state === "FAILED" && notStarted.includes(code))) return `unfinished: its task could not be started${existsSync(log) ? `, see ${log}` : ""}`;
  const hasCheckpoint = readTask(cell).recipes.some((recipe) => existsSync(checkpointPath(join(cell, recipe))));
  const isOfTheCluster = ["TIMEOUT", "DEADLINE", "NODE_FAIL", "BOOT_FAIL"].includes(state);
  return isOfTheCluster && hasCheckpoint ? `unfinished: ${state}, with a checkpoint` : undefined;
}

const endings: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: "took more memory than it was given (OUT_OF_MEMORY)",
  TIMEOUT: "took longer than its time limit, and saved no checkpoint (TIMEOUT)",
  DEADLINE: "did not end before its deadline, and saved no checkpoint (DEADLINE)",
  NODE_FAIL: "lost its machine before it saved a checkpoint (NODE_FAIL)",
  BOOT_FAIL: "got no machine that starts (BOOT_FAIL)",
};

function endingOf({ state, code, signal }: TaskState): string {
  return endings[state] ?? (signal !== 0 ? `was ended by signal ${signal} (${state})` : `ended with code ${code} and no outcome (${state})`);
}
