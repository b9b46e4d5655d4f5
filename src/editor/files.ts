/** Files as editors name them, and what the compiler reads where some of them are open: the texts of the editor come first. */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileHost, readLibrary } from "../compiler/host.js";
import type { Host } from "../semantics/modules.js";

/** Where the standard library lies, with a `/` at its end. */
export const libraryFolder = slashed(fileURLToPath(new URL("../../stdlib/", import.meta.url)));

/** The texts that are open in the editor, by absolute path. */
export type OpenTexts = ReadonlyMap<string, string>;

/** The file that an address names; undefined for one that is no file, such as a text that was never saved. */
export function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith("file:") ? slashed(fileURLToPath(uri)) : undefined;
  } catch {
    // An address with a host, or with a slash that is escaped.
    return undefined;
  }
}

/** The address of a source: an absolute path, or one of the standard library. */
export function uriOf(path: string): string {
  return pathToFileURL(isAbsolute(path) ? path : libraryFolder + path).href;
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}

/** Whether a file belongs to the standard library. */
export function isOfLibrary(path: string): boolean {
  return !isAbsolute(path) || path.startsWith(libraryFolder);
}

const libraryTexts = new Map<string, string | undefined>();

/** A file of the standard library, which does not change while the process runs. */
function readLibraryOnce(path: string): string | undefined {
  if (!libraryTexts.has(path)) libraryTexts.set(path, readLibrary(path));
  return libraryTexts.get(path);
}

/**
 * What a spec in `root` may read. Editors count places without a byte order mark, so that one on disk is left out.
 * @param root the folder that its paths begin at; undefined for a text that lies nowhere.
 */
export function editorHost(root: string | undefined, open: OpenTexts): Host {
  const disk = root === undefined ? undefined : fileHost(root);
  return {
    readSpec: (path) => (root === undefined ? undefined : (open.get(slashed(join(root, path))) ?? disk!.readSpec(path)?.replace(/^\uFEFF/, ""))),
    readLibrary: readLibraryOnce,
  };
}

/**
 * The folder at which the paths of a spec begin: its own, or the nearest above in which all the files are that it uses, since
 * the spec may be a part of one further up. Its own, when there is no such folder.
 */
export function rootOf(path: string, used: readonly string[], open: OpenTexts): string {
  const own = dirname(path);
  let folder = own;
  for (;;) {
    if (used.every((file) => open.has(slashed(join(folder, file))) || existsSync(join(folder, file)))) return folder;
    const above = dirname(folder);
    if (above === folder) return own;
    folder = above;
  }
}
