/** Folders that appear whole or not at all: filled under another name, then renamed. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Makes `folder` by filling a folder beside it and renaming what came of it. A run that is killed leaves only the folder
 * beside it, which the next run removes. When another process was faster, its folder stays.
 *
 * @param {string} folder
 * @param {(partial: string) => Promise<string>} fill gives what is to be renamed: its argument, or a folder in it.
 */
export async function makeWhole(folder, fill) {
  const beside = dirname(folder);
  mkdirSync(beside, { recursive: true });
  removeAbandoned(beside, `${basename(folder)}.partial-`);
  const partial = `${folder}.partial-${process.pid}`;
  try {
    mkdirSync(partial);
    const made = await fill(partial);
    if (!existsSync(folder)) renameSync(made, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function removeAbandoned(folder, prefix) {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || isRunning(Number(name.slice(prefix.length)))) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // A program that the killed run started may still be writing there; a later run removes it.
    }
  }
}

function isRunning(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
