/** Diagnostics as plain data, without the texts that they are about. */

import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { type Spot, spotOf } from "./analysis.js";

export interface PlainFix {
  readonly title: string;
  readonly edits: readonly { readonly at: Spot; readonly text: string }[];
}

export interface PlainDiagnostic {
  readonly code: string;
  readonly severity: Diagnostic["severity"];
  /** With the label, the help and the note, a line each. */
  readonly message: string;
  readonly at: Spot;
  readonly related: readonly { readonly at: Spot; readonly label: string }[];
  readonly fixes: readonly PlainFix[];
}

export function renderPlain({ code, severity, message, label, help, note, place, related, fixes = [] }: Diagnostic): PlainDiagnostic {
  const lines = [label === undefined ? message : `${message}: ${label}`, ...(help === undefined ? [] : [`help: ${help}`]), ...(note === undefined ? [] : [`note: ${note}`])];
  return {
    code,
    severity,
    message: lines.join("\n"),
    at: spotOf(place),
    related: related.map((other) => ({ at: spotOf(other.place), label: other.label })),
    fixes: fixes.map(({ title, edits }) => ({ title, edits: edits.map((edit) => ({ at: spotOf(edit.place), text: edit.text })) })),
  };
}
