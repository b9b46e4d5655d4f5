/** What is wrong, where, and what would mend it. */

import { type Code, type Severity, catalogue } from "./catalogue.js";
import type { SourceFile } from "./source.js";

/** A part of a file, with offsets, the end exclusive. */
export interface Place {
  readonly source: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** Changes of the text that would mend a mistake, for editors. */
export interface Fix {
  /** What is done, in the imperative: "replace it by `layer`". */
  readonly title: string;
  /** Of one file. They do not overlap. */
  readonly edits: readonly { readonly place: Place; readonly text: string }[];
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence in lower case without a full stop, that stands alone. */
  readonly message: string;
  readonly place: Place;
  /** What the underlined part is or lacks. */
  readonly label?: string;
  /** Other places involved, each with its role. */
  readonly related: readonly { readonly place: Place; readonly label: string }[];
  /** What would mend it. */
  readonly help?: string;
  /** What one should know to understand it. */
  readonly note?: string;
  /** The mends that can be made without asking back; the likeliest first. */
  readonly fixes?: readonly Fix[];
}

export type DiagnosticDetails = Partial<Pick<Diagnostic, "label" | "related" | "help" | "note" | "fixes">>;

export function diagnostic(code: Code, place: Place, message: string, details: DiagnosticDetails = {}): Diagnostic {
  return { code, severity: catalogue[code].severity, message, place, related: [], ...details };
}

/** Collects diagnostics, each mistake once: what many instances of one definition report is one mistake. */
export class Diagnostics {
  private readonly known = new Map<string, Diagnostic>();

  add(found: Diagnostic): void {
    const { code, place, message } = found;
    const key = `${code}|${place.source.path}|${place.start}|${place.end}|${message}`;
    if (!this.known.has(key)) this.known.set(key, found);
  }

  /** By file and place. */
  get all(): readonly Diagnostic[] {
    const files = [...new Set([...this.known.values()].map((found) => found.place.source.path))];
    const order = (found: Diagnostic) => files.indexOf(found.place.source.path);
    return [...this.known.values()].sort((a, b) => order(a) - order(b) || a.place.start - b.place.start);
  }

  get hasErrors(): boolean {
    return [...this.known.values()].some((found) => found.severity === "error");
  }
}
