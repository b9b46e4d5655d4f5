/** Cells whose process ended without a word. */

import { existsSync, readFileSync } from "node:fs";
import { type Outcome, logPath } from "../compare/ablation/folder.js";

/** The outcome of such a cell: what is known of the cause, and the end of its log. */
export function diedOf(cell: string, cause: string): Outcome {
  const log = existsSync(logPath(cell)) ? readFileSync(logPath(cell), "utf8").trimEnd().split("\n").slice(-3).join("\n") : "";
  return { status: "failed", error: log === "" ? cause : `${cause}; the last lines of its log:\n${log}`, seconds: 0, values: {} };
}
