/** Where a run is kept when nobody says: `runs/NAME`, and `runs/NAME-2` … where runs are there already. */

import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of the run of a name with a number, counted from 1. */
export function runFolder(name: string, number: number, base = "runs"): string {
  return join(base, number === 1 ? name : `${name}-${number}`);
}

/** The folder of a new run, or with `resume` that of the newest one. */
export function defaultRunFolder(name: string, resume: boolean, base = "runs"): string {
  let next = 1;
  while (existsSync(runFolder(name, next, base))) next++;
  return runFolder(name, resume ? Math.max(next - 1, 1) : next, base);
}
