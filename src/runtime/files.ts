/** Files that are there whole or not at all. */

import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SaveError } from "./errors.js";

/**
 * Replaces the file at `path` by `chunks`, one after the other, in one step: whoever looks, even after a power cut, finds
 * the old file or the new one. Throws `SaveError`, with the old file intact, when it cannot.
 */
export async function writeAtomically(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  // The name is always the same, so that a killed process leaves one stale file at most, and the next write takes it over.
  const temporary = `${path}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    // A temporary file that cannot be removed either must not hide why the write failed.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SaveError(path, cause, existsSync(path) ? "; the file that was there before is unchanged" : "");
  }
  await syncFolder(dirname(path));
}

/** Creates a folder and those above it where they are missing. Throws `SaveError`. */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new SaveError(path, cause);
  }
}

/** Makes a rename durable. Windows and some network file systems cannot open folders; there the rename has to do. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    return;
  }
}
