/** Training the cells of an ablation on this machine, and what each came to. */

import { basename } from "node:path";
import { type Outcome, logPath, outcomePath, readOutcome, writeJson } from "../compare/ablation/folder.js";
import { formatMeasure, formatSeconds } from "../runtime/format.js";
import { interruptedExitCode, watchInterrupts } from "../runtime/interrupts.js";
import { diedOf } from "./died.js";
import { Interrupted } from "./exit.js";
import { type Ending, runJobs } from "./jobs.js";

/** Trains cells in processes of their own, and tells of each that ends. @throws Interrupted after Ctrl-C */
export async function trainHere(cells: readonly string[], jobs: number): Promise<void> {
  const waiting = cells.filter((cell) => readOutcome(cell) === undefined);
  const done = cells.length - waiting.length;
  if (done > 0) process.stderr.write(`${done} of ${cells.length} cells are finished already\n`);
  const interrupts = watchInterrupts();
  const start = performance.now();
  let ended = 0;
  try {
    await runJobs(waiting.map((cell) => ({ arguments: ["cell", cell], log: logPath(cell), cell })), jobs, interrupts.signal, async ({ cell }, ending) => {
      // One that was interrupted has saved what it had, and goes on another time.
      const isOpen = readOutcome(cell) === undefined && !interrupts.signal.aborted && ending.code !== interruptedExitCode;
      if (isOpen) await writeJson(outcomePath(cell), diedOf(cell, causeOf(ending)));
      const outcome = readOutcome(cell);
      if (outcome === undefined) return;
      ended++;
      const left = ((performance.now() - start) / 1000 / ended) * (waiting.length - ended);
      process.stderr.write(`[${done + ended}/${cells.length}] ${basename(cell)}: ${outcomeLine(outcome)}${ended < waiting.length ? `; about ${formatSeconds(left)} left` : ""}\n`);
    });
    if (interrupts.signal.aborted) {
      process.stderr.write("Stopped; the same command goes on from here, and `norm report` shows what is there.\n");
      throw new Interrupted(String(interruptedExitCode));
    }
  } finally {
    interrupts.dispose();
  }
}

/** What came of a cell, in one line. */
export function outcomeLine({ status, error, seconds, values }: Outcome): string {
  if (status === "failed") return `failed: ${(error ?? "").split("\n")[0]!}`;
  const last = Object.values(values).at(-1) ?? {};
  const shown = Object.entries(last).slice(0, 3).map(([name, value]) => `${name} ${formatMeasure(value)}`);
  return `${shown.join(", ")} in ${formatSeconds(seconds)}`;
}

function causeOf({ code, signal }: Ending): string {
  if (signal === "SIGKILL") return "its process was killed, as happens when memory runs out";
  return signal !== null ? `its process ended by ${signal}` : `its process ended with code ${code}`;
}
