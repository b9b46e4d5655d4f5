/**
 * Which stored values take 16 bits in mixed precision: the factors of products, which are most of what a step keeps. Sums that run
 * through the whole model (the residual stream and its gradient), statistics, and gradients of parameters stay in 32.
 * Micikevicius et al., "Mixed precision training", 2018.
 */

import type { Entry, Op, OpKind } from "../ir/program.js";
import { elements } from "../ir/types.js";
import { consumersOf, views } from "./storage.js";

/** Smaller values are not worth the rounding. */
const fewest = 1024;

/** Operations by which rounding errors would add up along the model. */
const sums: ReadonlySet<OpKind> = new Set<OpKind>(["add", "sub", "concatenate", "pad", "take", "scatter_add", "update"]);

export function halves(entry: Entry, stored: ReadonlySet<Op>): ReadonlySet<Op> {
  const consumers = consumersOf(entry);
  const results = new Set(entry.results.values());
  const uses = (op: Op): readonly OpKind[] => (consumers.get(op) ?? []).flatMap((next) => (views.has(next.kind) ? uses(next) : [next.kind]));
  return new Set([...stored].filter((op) => {
    if (op.type.dtype !== "f32" || op.phase === "update" || results.has(op) || elements(op.type.axes) < fewest) return false;
    const own = uses(op);
    // A joined value's parts are written into it, and so rounded as it is.
    return own.includes("contract") && !own.some((kind) => sums.has(kind));
  }));
}
