/** Which command `norm` serves a folder: its own, the configured one, or the one on the path. */

import { existsSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** How the server is started: a program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether `program` is Node.js itself, so that the editor's own may take its place. */
  readonly isModule: boolean;
}

export interface Search {
  /** The folders that are open, if they may run programs of their own. */
  readonly folders: readonly string[];
  /** What is configured; empty for nothing. */
  readonly configured: string;
  /** The variable PATH. */
  readonly path: string;
  readonly isWindows: boolean;
}

/** The command, or undefined when there is none. */
export function findCommand({ folders, configured, path, isWindows }: Search): Command | undefined {
  for (const folder of folders) {
    const own = join(folder, "node_modules", "normlang", "bin", "norm.js");
    if (isFile(own)) return asModule(own);
  }
  if (configured !== "") {
    const file = isAbsolute(configured) ? configured : folders.map((folder) => join(folder, configured)).find(isFile);
    if (file === undefined || !isFile(file)) return undefined;
    return file.endsWith(".js") ? asModule(file) : asProgram(file);
  }
  const names = isWindows ? ["norm.cmd", "norm.exe"] : ["norm"];
  const found = path.split(delimiter).filter((folder) => folder !== "").flatMap((folder) => names.map((name) => join(folder, name))).find(isFile);
  return found === undefined ? undefined : asProgram(found);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function asModule(path: string): Command {
  return { program: path, args: ["lsp"], isModule: true };
}

function asProgram(path: string): Command {
  return { program: path, args: ["lsp"], isModule: false };
}
