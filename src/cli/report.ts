/** Showing diagnostics: text for people on standard error, or one JSON document on standard output. */

import pc from "picocolors";
import { renderDiagnostic, diagnosticData } from "../diagnostics/render.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { ProblemsFound } from "./exit.js";

export type Format = "text" | "json";

/** Shows what was found. @throws ProblemsFound when there is an error among it. */
export function showDiagnostics(found: readonly Diagnostic[], format: Format): void {
  if (format === "json") process.stdout.write(`${JSON.stringify({ diagnostics: found.map(diagnosticData) }, null, 2)}\n`);
  else for (const one of found) process.stderr.write(`${renderDiagnostic(one, pc.createColors(useColors()))}\n\n`);
  if (found.some((one) => one.severity === "error")) throw new ProblemsFound();
}

function useColors(): boolean {
  // In an automatic build colours count as supported though nobody looks at a terminal.
  return pc.isColorSupported && process.stderr.isTTY === true;
}

/** `2 errors and 1 warning`, or undefined when nothing was found. */
export function tally(found: readonly Diagnostic[]): string | undefined {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = found.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return parts.length === 0 ? undefined : parts.join(", ");
}
