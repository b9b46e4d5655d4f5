/** `norm format`: the canonical format, written back or printed. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FormatError, formatText } from "../format/format.js";
import { writeAtomically } from "../runtime/files.js";
import { ProblemsFound } from "./exit.js";
import { showDiagnostics } from "./report.js";
import { readText } from "./spec.js";

/** Formats files and folders in place, or standard input to standard output when there are none. */
export async function formatFiles(paths: readonly string[], options: { check: boolean }): Promise<void> {
  if (paths.length === 0) return formatInput();
  let unformatted = 0;
  let failed = false;
  for (const file of paths.flatMap(specsIn)) {
    const text = readText(file);
    try {
      const formatted = await formatText(text, file);
      if (formatted === text) continue;
      unformatted++;
      if (options.check) process.stderr.write(`${file} is not formatted\n`);
      else {
        writeAtomically(file, [Buffer.from(formatted)]);
        process.stderr.write(`${file}\n`);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      failed = true;
      show(error);
    }
  }
  if (failed || (options.check && unformatted > 0)) throw new ProblemsFound();
}

async function formatInput(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  try {
    process.stdout.write(await formatText(Buffer.concat(chunks).toString("utf8"), "standard input"));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    show(error);
    throw new ProblemsFound();
  }
}

/** The mistakes are told; that they are problems is for the caller to say, after the other files. */
function show(error: FormatError): void {
  try {
    showDiagnostics(error.diagnostics, "text");
  } catch (problems) {
    if (!(problems instanceof ProblemsFound)) throw problems;
  }
}

/** A file itself; of a folder the specs below it, without hidden folders and installed packages. */
function specsIn(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : specsIn(join(path, entry.name));
    return entry.name.endsWith(".norm") ? [join(path, entry.name)] : [];
  });
}
