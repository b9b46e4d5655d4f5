/** Writes a folder of generated files: all of it, or nothing. */

import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RunError, SaveError } from "../runtime/errors.js";

export interface GeneratedFolder {
  /** What it is, for messages, such as `a trainer`. */
  readonly what: string;
  /** The files by which one that was written before is known. */
  readonly marks: readonly string[];
  /** The names of all files and folders that may be generated; what else lies in the folder is kept. */
  readonly contents: readonly string[];
}

/** @throws RunError when the folder holds other things than one that was generated. */
export async function requireFree(folder: string, { what, marks }: GeneratedFolder): Promise<void> {
  const place = resolve(folder);
  if (existsSync(place) && !isPrevious(place, marks) && (await readdir(place)).length > 0) {
    throw new RunError(`${folder} holds other things than ${what}: choose another folder`);
  }
}

/**
 * Puts what `fill` writes into `folder`, in place of what was generated there before; when it throws, everything stays as it
 * was.
 * @throws SaveError when something cannot be written.
 */
export async function writeGenerated(folder: string, { marks, contents }: GeneratedFolder, fill: (folder: string) => Promise<void>): Promise<void> {
  const place = resolve(folder);
  try {
    await mkdir(dirname(place), { recursive: true });
    // Beside the target, so that renaming works: on the same file system.
    const temporary = join(dirname(place), `.${basename(place)}-${process.pid}`);
    try {
      await mkdir(temporary);
      await fill(temporary);
      await (isPrevious(place, marks) ? replace(temporary, place, contents) : moveInto(temporary, place));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new SaveError(folder, cause);
  }
}

/** Writes files by their paths in `folder`, whose own folders are made. */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [path, contents] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
}

function isPrevious(place: string, marks: readonly string[]): boolean {
  return marks.every((name) => existsSync(join(place, name)));
}

async function moveInto(temporary: string, place: string): Promise<void> {
  if (existsSync(place)) await rmdir(place);
  await rename(temporary, place);
}

/** Puts each part in the place of the old one, and takes away what only the old one had. */
async function replace(temporary: string, place: string, contents: readonly string[]): Promise<void> {
  for (const name of contents) {
    const [old, next] = [join(place, name), join(temporary, name)];
    if (existsSync(old)) await rename(old, join(temporary, `old-${name}`));
    if (existsSync(next)) await rename(next, old);
  }
}
