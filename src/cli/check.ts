/** `norm check`: what is wrong with specs, without running anything. */

import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { type Format, showDiagnostics, tally } from "./report.js";
import { compileFile, parseSpecName } from "./spec.js";

export function check(specs: readonly string[], options: { format: Format }): void {
  const found: Diagnostic[] = specs.flatMap((spec) => compileFile(parseSpecName(spec)).diagnostics);
  if (options.format === "text") {
    const files = `${specs.length} file${specs.length === 1 ? "" : "s"} checked`;
    try {
      showDiagnostics(found, "text");
    } finally {
      process.stderr.write(`${files}: ${tally(found) ?? "nothing to say"}\n`);
    }
  } else showDiagnostics(found, "json");
}
