/**
 * Where a spec may read. A spec is untrusted: whatever path it names, the file that is opened lies, after every symbolic
 * link is followed, inside one of the folders that the user allowed.
 */

import { readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { DataError, wordsOf } from "./error.js";

/** A file or folder that may be read; `path` is its real path. */
export interface Located {
  readonly path: string;
  readonly kind: "file" | "folder";
}

export interface Access {
  /**
   * Finds `path` in the first allowed folder that has it; undefined if none has.
   * Throws a DataError if the path leads outside, or to something that is neither file nor folder.
   */
  locate(path: string): Promise<Located | undefined>;
  /** As `locate`, but a DataError if nothing is there. */
  demand(path: string): Promise<Located>;
  /** The names in a located folder, sorted by UTF-16 code units, without the hidden ones (those that start with a dot). */
  list(folder: Located): Promise<string[]>;
}

/** Opens the allowed folders, in the order in which they are searched. `place` is the place in the spec, for messages. */
export async function openFolders(folders: readonly string[], place: string): Promise<Access> {
  const given = folders.map((folder) => resolve(folder));
  const real: string[] = [];
  for (const folder of given) {
    const path = await realpath(folder).catch(() => undefined);
    if (path !== undefined) real.push(path);
  }
  const insideAny = (roots: readonly string[], path: string) => roots.some((root) => inside(root, path));
  const outside = (path: string) =>
    new DataError(
      place,
      `the data path "${path}" leads outside the folders that may be read (${given.join(", ")})`,
      "move the data into one of them, or allow its folder when you start the trainer",
    );

  async function locate(path: string): Promise<Located | undefined> {
    if (path === "" || path.includes("\0")) {
      throw new DataError(place, `${JSON.stringify(path)} is not a path`, "name a file or a folder");
    }
    // Refused by its letters first, so that a spec cannot even learn whether a file outside exists.
    const candidates = given.map((folder) => resolve(folder, path));
    const allowed = candidates.filter((candidate) => insideAny(given, candidate) || insideAny(real, candidate));
    if (allowed.length === 0) throw outside(path);
    for (const candidate of new Set(allowed)) {
      try {
        const target = await realpath(candidate);
        if (!insideAny(real, target)) throw outside(path);
        const status = await stat(target);
        if (status.isFile()) return { path: target, kind: "file" };
        if (status.isDirectory()) return { path: target, kind: "folder" };
        throw new DataError(target, "this is neither a file nor a folder", "name an ordinary file");
      } catch (thrown) {
        if (!isAbsence(thrown)) throw asDataError(candidate, thrown);
      }
    }
    return undefined;
  }

  async function demand(path: string): Promise<Located> {
    const located = await locate(path);
    if (located === undefined) {
      throw new DataError(
        place,
        `there is no "${path}" in ${given.join(" or ")}`,
        "check the spelling, or allow the folder that holds it when you start the trainer",
      );
    }
    return located;
  }

  async function list(folder: Located): Promise<string[]> {
    if (folder.kind !== "folder") {
      throw new DataError(folder.path, "this is a file where a folder is expected", "name the folder that holds the data set");
    }
    const names = await readdir(folder.path).catch((thrown: unknown) => {
      throw asDataError(folder.path, thrown);
    });
    return names.filter((name) => !name.startsWith(".")).toSorted();
  }

  return { locate, demand, list };
}

function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function isAbsence(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR");
}

/** Says a failure of the file system as a DataError about `path`; a DataError stays as it is. */
export function asDataError(path: string, thrown: unknown): DataError {
  if (thrown instanceof DataError) return thrown;
  return new DataError(path, `this cannot be read (${wordsOf(thrown)})`, "check the file and its permissions", { cause: thrown });
}
