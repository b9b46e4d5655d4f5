/** Specs as they stand in revisions of a git repository. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import type { Named } from "../compare/diff/pairing.js";
import { fileHost, folderOfSpec, readLibrary } from "../compiler/host.js";
import { UsageError } from "./exit.js";
import { parseSpecName, readText } from "./spec.js";

/** A spec in two revisions, `v1..v2`, or in one and in the working copy. @throws UsageError */
export function versions(name: string, range: string): [Named, Named] {
  const { file, recipe } = parseSpecName(name);
  if (range.includes("...")) throw new UsageError("`--git` takes a revision, or two as `v1..v2`; for what a branch changed name its start: `--git $(git merge-base main HEAD)`");
  const [first, second] = range.includes("..") ? (range.split("..") as [string, string]) : [range, undefined];
  const at = (revision: string): Named => ({ spec: specAt(file, revision === "" ? "HEAD" : revision), ...(recipe !== undefined && { definition: recipe }) });
  const now = (): Named => ({ spec: { path: file, text: readText(file), host: fileHost(folderOfSpec(file)) }, ...(recipe !== undefined && { definition: recipe }) });
  return [at(first), second === undefined ? now() : at(second)];
}

/** A spec and all that it uses, as of a revision. @throws UsageError when there is no such revision or file. */
function specAt(file: string, revision: string): Named["spec"] {
  const folder = folderOfSpec(file);
  if (!existsSync(folder)) throw new UsageError(`there is no folder ${folder} here: git is asked in the spec's folder`);
  // From here on the commit is called by its number, which no option of git looks like.
  const commit = git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`])?.trim();
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) throw new UsageError(`git knows no revision ${revision} in ${folder}`);
  const read = (path: string): string | undefined => {
    const plain = posix.normalize(path.replaceAll("\\", "/"));
    return plain.startsWith("../") || plain.startsWith("/") ? undefined : git(folder, ["cat-file", "blob", "--", `${commit}:./${plain}`]);
  };
  const text = read(posix.basename(file.replaceAll("\\", "/")));
  if (text === undefined) throw new UsageError(`there is no ${file} in revision ${revision}`);
  return { path: `${revision}:${file}`, text, host: { readSpec: read, readLibrary } };
}

/** What git prints; undefined when it fails. No argument is read by a shell. @throws UsageError when there is no git. */
function git(folder: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new UsageError("`--git` needs git, which is not installed");
    return undefined;
  }
}
