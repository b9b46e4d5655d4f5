/**
 * The folder `slurm` of an ablation: `cells.txt`, the cells' folders by line; `array.sh`, the script of the job arrays that train
 * them; and `job.json`, which task of which array has which cell, as long as tasks are under way.
 */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { readPlanned, writeJson, writeText } from "../compare/ablation/folder.js";
import { FormatError, RunError } from "../runtime/errors.js";
import { normCommand } from "./jobs.js";
import { type Job, cancel, highestIndex, submit } from "./slurm-commands.js";

/** A task of a job array, and the cell that it trains. */
export interface ArrayTask {
  readonly job: Job;
  readonly index: number;
  /** The cell's name. */
  readonly cell: string;
}

const jobPath = (folder: string): string => join(folder, "slurm", "job.json");
const cellsPath = (folder: string): string => join(folder, "slurm", "cells.txt");
const scriptPath = (folder: string): string => join(folder, "slurm", "array.sh");

/** The log of what Slurm itself says of a task. */
export const slurmLogPath = (folder: string, { job, index }: ArrayTask): string => join(folder, "slurm", `${job.id}_${index}.log`);

/** The tasks that were under way when last seen. @throws FormatError */
export function readTasks(folder: string): ArrayTask[] {
  const path = jobPath(folder);
  if (!existsSync(path)) return [];
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { tasks: ArrayTask[] }).tasks;
  } catch (cause) {
    throw new FormatError(path, "it is no JSON", { cause });
  }
}

/** Keeps which tasks are under way, for when the command is run again. @throws SaveError */
export async function writeTasks(folder: string, tasks: readonly ArrayTask[]): Promise<void> {
  if (tasks.length > 0) await writeJson(jobPath(folder), { tasks });
  else rmSync(jobPath(folder), { force: true });
}

/**
 * Submits cells as tasks of a job array, or of several where the cluster limits their size, and keeps which they are beside
 * `before`. @returns all tasks. @throws RunError, SaveError with nothing submitted
 */
export async function submitCells(folder: string, cells: readonly string[], before: readonly ArrayTask[]): Promise<ArrayTask[]> {
  const size = await highestIndex();
  const lines = await writeArray(folder, cells);
  // A task has the line of `cells.txt` that is its index, further down by the number that the script is given.
  const placed = cells.map((cell, i) => ({ cell, line: lines[i]! })).toSorted((a, b) => a.line - b.line);
  const tasks = [...before];
  const jobs: Job[] = [];
  try {
    for (let above = 0; above < placed.at(-1)!.line; above += size) {
      const members = placed.filter(({ line }) => line > above && line <= above + size);
      if (members.length === 0) continue;
      const job = await submit("array.sh", [String(above)], join(folder, "slurm"), members.map(({ line }) => line - above));
      jobs.push(job);
      tasks.push(...members.map(({ cell, line }) => ({ job, index: line - above, cell: basename(cell) })));
      await writeTasks(folder, tasks);
    }
  } catch (error) {
    await cancel(jobs);
    await writeTasks(folder, before);
    throw error;
  }
  return tasks;
}

/**
 * Writes the list of cells and the script, which can then be edited, and gives the line of each cell in the list.
 * @throws RunError, SaveError
 */
export async function writeArray(folder: string, cells: readonly string[]): Promise<number[]> {
  // Slurm would take them for patterns: it looks for `%A` and the like in the whole path of a log.
  const path = resolve(folder);
  if (/[%\\\n]/.test(path)) throw new RunError(`Slurm cannot write logs in ${path}: choose with --out a folder without %, backslashes and line breaks in its path`);
  const lines = await writeCellList(folder, cells);
  await writeScript(folder, Math.max(...lines));
  return lines;
}

/** Adds cells to `cells.txt` where they are missing, and gives the line of each. Lines stay: tasks that wait will read them. */
async function writeCellList(folder: string, cells: readonly string[]): Promise<number[]> {
  const path = cellsPath(folder);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter((line) => line !== "") : [];
  const at = new Map(lines.map((line, i) => [line, i + 1]));
  // Relative to the folder in which tasks run, so that the ablation can be moved.
  const own = cells.map((cell) => relative(join(folder, "slurm"), cell));
  for (const line of own) if (!at.has(line)) at.set(line, lines.push(line));
  await writeText(path, `${lines.join("\n")}\n`);
  return own.map((line) => at.get(line)!);
}

/** Writes the script, unless there is one: people edit it. */
async function writeScript(folder: string, tasks: number): Promise<void> {
  if (existsSync(scriptPath(folder))) return;
  const { name } = readPlanned(folder);
  await writeText(
    scriptPath(folder),
    `#!/bin/sh
# Trains the cells of an ablation, a cell in each task. Written by \`norm ablate --on slurm\`, which submits it in this folder and
# keeps it as you edit it; remove it to have it written anew. What the cluster must know can stand here, as in
#   #SBATCH --cpus-per-task=8
# or in the variables that sbatch reads: SBATCH_PARTITION, SBATCH_TIMELIMIT, SBATCH_GPUS, SBATCH_MEM_PER_NODE, SBATCH_ACCOUNT, …
#SBATCH --job-name=${name}
#SBATCH --array=1-${tasks}
#SBATCH --output=%A_%a.log
#SBATCH --open-mode=append
# A cell whose task is run again goes on from its last checkpoint. It saves one a minute before its time is up.
#SBATCH --requeue
#SBATCH --signal=B:INT@60

# The cell's line: the index of the task, or further down by the number that the script is given.
line=$((SLURM_ARRAY_TASK_ID + \${1:-0}))
cell=$(sed -n "\${line}p" cells.txt)
if [ ! -d "$cell" ]; then
  echo "line $line of cells.txt names no folder: \${cell:-there is no such line}" >&2
  exit 127
fi
# A task that is run again finds the lock of its own process that was ended.
if [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then rm -f "$cell/lock"; fi
exec ${quoted(process.execPath)} ${quoted(normCommand)} cell "$cell" >>"$cell/log.txt" 2>&1
`,
  );
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
