/** `mlflow.json` in a run's folder: which run of an MLflow server it is, so that a resume goes on with it. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../files.js";

export interface Note {
  /** The server's address, without user and password. */
  readonly server: string;
  /** A tag of the run by which it is found again when it was made and its id was not learned. */
  readonly key: string;
  readonly run_id?: string;
}

export function notePath(folder: string): string {
  return join(folder, "mlflow.json");
}

export function newNote(server: string): Note {
  return { server, key: randomUUID() };
}

/** Undefined when there is none of this server. */
export function readNote(folder: string, server: string): Note | undefined {
  try {
    const { server: own, key, run_id: id } = JSON.parse(readFileSync(notePath(folder), "utf8")) as Partial<Note>;
    if (own !== server || typeof key !== "string" || !/^[\w-]+$/.test(key)) return undefined;
    return { server: own, key, ...(typeof id === "string" ? { run_id: id } : {}) };
  } catch {
    return undefined;
  }
}

/** @throws SaveError */
export async function writeNote(folder: string, note: Note): Promise<void> {
  await writeAtomically(notePath(folder), [Buffer.from(`${JSON.stringify(note, undefined, 2)}\n`)]);
}
