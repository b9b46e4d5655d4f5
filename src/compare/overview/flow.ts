/** What a value is computed from, between the values that a picture shows. */

import type { Op } from "../../ir/program.js";

/** Values that a picture shows, and how far back a search for them goes. */
export interface Landmarks {
  /** The name of the value, when it is one of them. */
  of(op: Op): string | undefined;
  /** Operations before this one rest on none of them. */
  readonly from: number;
}

/** The landmarks that `roots` rest on with none between, in the order found; `visit` sees what is computed on the way. */
export function sourcesOf(roots: readonly Op[], landmarks: Landmarks, visit: (op: Op) => void = () => {}): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<Op>();
  const open = roots.toReversed();
  for (let op = open.pop(); op !== undefined; op = open.pop()) {
    if (seen.has(op) || op.id < landmarks.from) continue;
    seen.add(op);
    const name = landmarks.of(op);
    if (name !== undefined) {
      found.add(name);
      continue;
    }
    visit(op);
    open.push(...op.operands.toReversed());
  }
  return [...found];
}

/** The operation behind what only repeats, converts or renames it. */
export function unwrapped(op: Op): Op {
  const through = op.kind === "broadcast" || op.kind === "cast" || op.kind === "stop_gradient" || op.kind === "rename" || op.kind === "split" || op.kind === "merge";
  return through ? unwrapped(op.operands[0]!) : op;
}
