/** Where a run is kept when nobody says: `runs/NAME`, and `runs/NAME-2` … where runs are there already. */

import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of a new run, or with `resume` that of the newest one. */
export function defaultRunFolder(name: string, resume: boolean, base = "runs"): string {
  const folder = (number: number) => join(base, number === 1 ? name : `${name}-${number}`);
  let next = 1;
  while (existsSync(folder(next))) next++;
  return folder(resume ? Math.max(next - 1, 1) : next);
}
