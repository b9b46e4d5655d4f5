/** A comparison of two specs: a diff for each pair of what they stand for, and what only one of them has. */

import { createHash } from "node:crypto";
import type { Change } from "./change.js";
import type { Diff } from "./diff.js";

export interface Comparison {
  /** As they were asked for: `a.norm`. */
  readonly before: string;
  readonly after: string;
  readonly diffs: readonly Diff[];
  /** Names that only one side has, and that so have no diff. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** Whether both sides mean the same in everything that was compared, names of weights included. */
export function isEmpty({ diffs, onlyBefore, onlyAfter }: Comparison): boolean {
  return onlyBefore.length === 0 && onlyAfter.length === 0 && diffs.every(({ verdict, variables }) => verdict.level === "identical" && variables === 0);
}

/** The changes of all diffs, each once: recipes that share a stack change with it together. */
export function distinctChanges({ diffs }: Comparison): Change[] {
  const found = new Map<string, Change>();
  for (const { changes, recipe } of diffs) for (const change of [...changes, ...recipe]) found.set(fingerprint(change), change);
  return [...found.values()];
}

/** What stays the same of a change when other lines of the files, or their names, change: 12 digits. */
export function fingerprint({ kind, name, before, after }: Change): string {
  const parts = [kind, name, before?.text ?? null, after?.text ?? null];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}
