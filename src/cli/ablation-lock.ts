/** One process at a time trains the cells of an ablation's folder. */

import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { RunError } from "../runtime/errors.js";

/** Takes the folder, and gives what gives it back. A lock whose process is gone counts for nothing. @throws RunError when another process has it */
export function hold(folder: string): () => void {
  const path = join(folder, "lock");
  const own = `${path}.${process.pid}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      // Linked when it is whole: nobody reads half of it.
      writeFileSync(own, JSON.stringify({ host: hostname(), process: process.pid }));
      linkSync(own, path);
      rmSync(own);
      return () => rmSync(path, { force: true });
    } catch (error) {
      rmSync(own, { force: true });
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw new RunError(`cannot write in ${folder}: ${(error as Error).message}`, { cause: error });
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) {
        throw new RunError(`${folder} is in use by process ${holder.process} on ${holder.host}; if that is gone, remove ${path}`);
      }
      rmSync(path, { force: true });
    }
  }
  throw new RunError(`${folder} is in use by another process`);
}

interface Holder {
  readonly host: string;
  readonly process: number;
}

function readHolder(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof value.host === "string" && typeof value.process === "number" ? { host: value.host, process: value.process } : undefined;
  } catch {
    return undefined;
  }
}

/** Of another machine's processes nothing is known: they count as alive. */
function isAlive({ host, process: id }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
