/** What the compiler reads on a computer with files: specs below one folder, and the standard library of the package. */

import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../semantics/modules.js";
import { longestText } from "../syntax/limits.js";

const library = fileURLToPath(new URL("../../stdlib/", import.meta.url));

/** A host for a spec that lies in `folder`. Links that lead out of the folder are not followed. */
export function fileHost(folder: string): Host {
  return { readSpec: (path) => readBelow(folder, path), readLibrary };
}

/** A file of the standard library. */
export function readLibrary(path: string): string | undefined {
  return readBelow(library, path);
}

function readBelow(folder: string, path: string): string | undefined {
  try {
    const root = realpathSync(folder);
    const file = realpathSync(join(root, path));
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    const stat = statSync(file);
    // A text over the limit is read no further than needed to be refused.
    if (!stat.isFile() || stat.size > 4 * longestText) return undefined;
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The folder in which a spec's modules and data lie. */
export function folderOfSpec(file: string): string {
  return dirname(file) || ".";
}
