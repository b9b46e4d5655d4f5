/** Slurm by its commands: `sbatch`, `squeue`, `scontrol`, `scancel`, and `sacct` where jobs are accounted for. */

import { spawn } from "node:child_process";
import { RunError } from "../runtime/errors.js";

/** A job as `sbatch --parsable` names it. */
export interface Job {
  readonly id: string;
  /** Where there are several clusters, the one that has it. */
  readonly cluster?: string;
}

/** What Slurm says of a task of a job array. */
export interface TaskState {
  /** `PENDING`, `RUNNING`, `OUT_OF_MEMORY`, … */
  readonly state: string;
  /** How its process ended. */
  readonly code: number;
  readonly signal: number;
}

/** States in which a task stays; in any other it still runs, or will. */
const lastStates: ReadonlySet<string> = new Set(["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"]);

/** Whether nothing more will come of a task. Of one that Slurm no longer knows nothing will. */
export function hasEnded(task: TaskState | undefined): boolean {
  return task === undefined || lastStates.has(task.state);
}

/** The options by which `squeue` and `sacct` are asked of a job. */
const naming = ({ id, cluster }: Job): string[] => [...(cluster === undefined ? [] : [`--clusters=${cluster}`]), `--jobs=${id}`];

/**
 * Submits a job array.
 * @param folder the working directory of its tasks.
 * @param indices of the tasks, in ascending order.
 * @throws RunError when there is no `sbatch`, or it refuses.
 */
export async function submit(script: string, given: readonly string[], folder: string, indices: readonly number[]): Promise<Job> {
  const { code, stdout, stderr } = await command("sbatch", ["--parsable", `--array=${ranges(indices)}`, script, ...given], folder);
  if (code !== 0) throw new RunError(`sbatch did not take the job array: ${reason(stderr)}`);
  const [, id, cluster] = /^(\d+)(?:;(.+))?$/.exec(stdout.trim().split("\n").at(-1)!) ?? [];
  if (id === undefined) throw new RunError(`sbatch names no job: it printed ${JSON.stringify(stdout)}`);
  return { id, ...(cluster !== undefined && { cluster }) };
}

/**
 * What Slurm says of a job array's tasks, by their indices; those that it no longer knows are missing.
 * @returns undefined when Slurm does not answer. @throws RunError when there is no `squeue`
 */
export async function tasksOf(job: Job): Promise<ReadonlyMap<number, TaskState> | undefined> {
  const fields = ["ArrayTaskID", "State", "exit_code"].map((field) => `${field}:|`).join(",");
  const { code, stdout, stderr } = await command("squeue", [...naming(job), "--noheader", "--array", "--states=all", `--Format=${fields}`]);
  if (code !== 0 && !stderr.includes("Invalid job id")) return undefined;
  const tasks = new Map<number, TaskState>();
  for (const line of code === 0 ? stdout.split("\n") : []) {
    const [index = "", state = "", status = ""] = line.split("|");
    if (/^\d+$/.test(index.trim())) tasks.set(Number(index), { state, ...exitOf(status) });
  }
  return tasks;
}

/** Tasks of a job array that have ended, as accounted for: Slurm itself forgets them after minutes. Empty where nothing is accounted for. */
export async function endedTasksOf(job: Job): Promise<ReadonlyMap<number, TaskState>> {
  const { code, stdout } = await command("sacct", [...naming(job), "--noheader", "--parsable2", "--allocations", "--format=JobID,State,ExitCode"]).catch((error: unknown) => {
    if (error instanceof RunError) return { code: 1, stdout: "" };
    throw error;
  });
  const tasks = new Map<number, TaskState>();
  for (const line of code === 0 ? stdout.split("\n") : []) {
    // A person is named behind: `CANCELLED by 1000`.
    const [, index, state = "", status = ""] = /^\d+_(\d+)\|(\w+)[^|]*\|(.*)$/.exec(line) ?? [];
    if (index !== undefined && lastStates.has(state)) tasks.set(Number(index), { state, ...exitOf(status) });
  }
  return tasks;
}

/** The highest index of a task that this cluster allows. */
export async function highestIndex(): Promise<number> {
  const { stdout } = await command("scontrol", ["show", "config"]);
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1] ?? 1001);
  return Math.max(1, size - 1);
}

/** Cancels jobs, as far as it can be done. */
export async function cancel(jobs: readonly Job[]): Promise<void> {
  for (const { id, cluster } of jobs) await command("scancel", [...(cluster === undefined ? [] : [`--clusters=${cluster}`]), id]);
}

/** Code and signal, of `1:0` or of a status as wait(2) gives it. */
function exitOf(status: string): Pick<TaskState, "code" | "signal"> {
  const [first = NaN, second] = status.trim().split(":").map(Number);
  return second === undefined ? { code: first >> 8, signal: first & 127 } : { code: first, signal: second };
}

/** 1-3,7 for 1, 2, 3 and 7. */
function ranges(indices: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

/** What a command of Slurm says against something, without the ceremony. */
function reason(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^sbatch: (?:error: )?(?:Batch job submission failed: )?/, "").trim());
  return lines.filter((line) => line !== "").join("; ") || "it does not say why";
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of Slurm. @throws RunError when there is none */
function command(name: string, given: readonly string[], cwd?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C in the terminal must not end `sbatch` between taking a job and naming it.
    const child = spawn(name, given, { stdio: ["ignore", "pipe", "pipe"], detached: true, ...(cwd !== undefined && { cwd }) });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", (cause) => reject(new RunError(`\`--on slurm\` needs Slurm's commands, and cannot run \`${name}\` here (${cause.message}): run it where jobs are submitted to the cluster`, { cause })));
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
