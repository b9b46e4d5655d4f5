/** Processes side by side: so many at a time as are allowed, each with a log of its own. */

import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The command itself. */
export const normCommand = fileURLToPath(new URL("../../bin/norm.js", import.meta.url));

export interface Job {
  /** Arguments of the command `norm`. */
  readonly arguments: readonly string[];
  /** The file to which its output is appended. */
  readonly log: string;
}

/** How a process ended: by itself, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs jobs in order, `count` at a time. When `signal` is aborted no further one begins, and those under way are asked to stop as
 * by Ctrl-C; fulfilled when the last one has ended.
 * @param onEnd is told of each that ended, and awaited before the next begins in its place.
 */
export async function runJobs<T extends Job>(jobs: readonly T[], count: number, signal: AbortSignal, onEnd: (job: T, ending: Ending) => Promise<void>): Promise<void> {
  const waiting = [...jobs];
  const running = new Set<ChildProcess>();
  const stop = (): void => running.forEach((child) => child.kill("SIGINT"));
  signal.addEventListener("abort", stop);
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined && !signal.aborted; job = waiting.shift()) await onEnd(job, await run(job, running));
  };
  try {
    await Promise.all(Array.from({ length: Math.min(count, jobs.length) }, work));
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function run(job: Job, running: Set<ChildProcess>): Promise<Ending> {
  const log = openSync(job.log, "a");
  try {
    // A group of its own: Ctrl-C in the terminal reaches it by way of us, once. The channel tells it when we are gone.
    const child = fork(normCommand, job.arguments, { stdio: ["ignore", log, log, "ipc"], detached: true });
    running.add(child);
    return await new Promise<Ending>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", () => resolve({ code: 1, signal: null }));
    }).finally(() => running.delete(child));
  } finally {
    closeSync(log);
  }
}
