/** `norm format`: the canonical format, written back or printed. */

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { FormatError, formatText } from "../format/format.js";
import { RunError, explain } from "../runtime/errors.js";
import { ProblemsFound, UsageError } from "./exit.js";
import { showDiagnostics } from "./report.js";
import { decodeText, readTextFile, replaceText } from "./text-file.js";

interface Options {
  /** Only say which files are not formatted. */
  readonly check: boolean;
}

/**
 * Formats files and folders in place, or standard input to standard output when there are none. In folders it formats the
 * specs; of a Markdown file that is named, the `norm` blocks. A file with mistakes is left alone, and the others are done.
 *
 * @throws UsageError for a path that leads nowhere or to something else, before any file is touched; ProblemsFound when a
 * file could not be formatted or, where they are only checked, is not.
 */
export async function formatFiles(paths: readonly string[], options: Options): Promise<void> {
  let fine = true;
  if (paths.length === 0) fine = await settled(() => formatInput(options));
  for (const file of filesAt(paths)) fine = (await settled(() => formatFile(file, options))) && fine;
  if (!fine) throw new ProblemsFound();
}

/** Gives whether all is well with a file, and tells what keeps it from being formatted. */
async function settled(format: () => Promise<boolean>): Promise<boolean> {
  try {
    return await format();
  } catch (error) {
    if (error instanceof FormatError) tell(error);
    else if (error instanceof RunError) process.stderr.write(`norm: ${error.message}\n`);
    else throw error;
    return false;
  }
}

async function formatFile(path: string, { check }: Options): Promise<boolean> {
  const file = readTextFile(path);
  const formatted = isMarkdown(path) ? await formatBlocks(file.text) : await formatText(file.text, path);
  if (formatted === file.text) return true;
  if (check) return unformatted(path);
  await replaceText(file, formatted);
  process.stderr.write(`${path}\n`);
  return true;
}

async function formatInput({ check }: Options): Promise<boolean> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = decodeText(Buffer.concat(chunks), "standard input");
  const formatted = await formatText(text, "standard input");
  if (check) return formatted === text || unformatted("standard input");
  process.stdout.write(formatted);
  return true;
}

function unformatted(name: string): false {
  process.stderr.write(`${name} is not formatted\n`);
  return false;
}

async function formatBlocks(text: string): Promise<string> {
  // Markdown's grammar is loaded for those who name such a file.
  return (await import("../format/markdown.js")).formatMarkdown(text);
}

/** The mistakes are told; that they are problems is for the caller to say, after the other files. */
function tell(error: FormatError): void {
  try {
    showDiagnostics(error.diagnostics, "text");
  } catch (problems) {
    if (!(problems instanceof ProblemsFound)) throw problems;
  }
}

/** The files that paths lead to, each once, though it be named twice or by links. @throws UsageError */
function filesAt(paths: readonly string[]): string[] {
  const files = new Map<string, string>();
  for (const path of paths) {
    for (const file of lookUp(path, filesNamed)) {
      // One that is gone by now is told of when it is read.
      const target = existsSync(file) ? realpathSync(file) : file;
      if (!files.has(target)) files.set(target, file);
    }
  }
  return [...files.values()];
}

function lookUp<Found>(path: string, look: (path: string) => Found): Found {
  try {
    return look(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, path: at = path } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${at}: ${code === "ENOENT" ? "there is no such file" : explain(error)}`);
  }
}

/** A file itself, and of a folder the specs below it. */
function filesNamed(path: string): string[] {
  const found = statSync(path);
  if (found.isDirectory()) return specsIn(path);
  if (!found.isFile()) throw new UsageError(`cannot format ${path}: it is no file`);
  if (path.endsWith(".norm") || isMarkdown(path)) return [path];
  throw new UsageError(`cannot format ${path}: only specs, *.norm, and the \`norm\` blocks of Markdown, *.md, have a format`);
}

/** The specs below a folder, without links, hidden folders and installed packages. */
function specsIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : specsIn(path);
    return entry.isFile() && entry.name.endsWith(".norm") ? [path] : [];
  });
}

function isMarkdown(path: string): boolean {
  return /\.(?:md|markdown)$/i.test(path);
}
