/** Reading the spec that a command names: `file.norm` or `file.norm#recipe`. */

import { readFileSync } from "node:fs";
import { type Compilation, compile } from "../compiler/compile.js";
import { fileHost, folderOfSpec } from "../compiler/host.js";
import { UsageError } from "./exit.js";

export interface SpecName {
  readonly file: string;
  readonly recipe: string | undefined;
}

export function parseSpecName(text: string): SpecName {
  const at = text.lastIndexOf("#");
  return at < 0 ? { file: text, recipe: undefined } : { file: text.slice(0, at), recipe: text.slice(at + 1) };
}

/** The text of a file. @throws UsageError when it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const cause = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message;
    throw new UsageError(`cannot read ${file}: ${cause}`);
  }
}

/** Compiles a file, or only one recipe of it. @throws UsageError when it cannot be read. */
export function compileFile({ file, recipe }: SpecName): Compilation {
  return compile(file, readText(file), fileHost(folderOfSpec(file)), recipe);
}

/** Where a recipe's data may lie: beside its spec, and in the folders that were given. */
export function dataFolders(spec: string, given: readonly string[] = []): readonly string[] {
  return [folderOfSpec(parseSpecName(spec).file), ...given];
}
