/**
 * Chooses products that are never stored, but computed again wherever they are needed: the scores of attention, when the matrix
 * of them is larger than what it is computed from. Nothing here knows attention: it is a matter of sizes and of uses.
 */

import type { Entry, Op } from "../ir/program.js";
import { elements, extentOf, hasAxis } from "../ir/types.js";
import type { Device } from "./device.js";

/** A product is worth computing again when it has so many times the elements of its factors. */
const timesLarger = 2;
/** Tables of one row's values that a kernel may need at once: scores, their gradients, and what both give. */
const tables = 3;

/**
 * Products that are large beside their factors, and all values of their shape that are computed from them, provided that every
 * use in the end sums over one of the product's own axes: then a kernel for each row keeps that row in a table.
 */
export function recomputed(entry: Entry, consumers: ReadonlyMap<Op, readonly Op[]>, device: Device): ReadonlySet<Op> {
  const chosen = new Set<Op>();
  const results = new Set(entry.results.values());
  for (const op of entry.operations) {
    if (op.kind !== "contract" || !isLarge(op, device)) continue;
    const family = familyOf(op, consumers);
    const isSummed = [...family].every((own) => !results.has(own) && (consumers.get(own) ?? []).every((next) => family.has(next) || sums(next, own)));
    if (isSummed) for (const own of family) chosen.add(own);
  }
  return chosen;
}

function isLarge(op: Extract<Op, { kind: "contract" }>, device: Device): boolean {
  const [x, y] = op.operands as readonly [Op, Op];
  const own = op.type.axes.filter((axis) => !hasAxis(x.type, axis.name) || !hasAxis(y.type, axis.name));
  const longest = Math.max(1, ...own.map((axis) => axis.extent));
  const factors = elements(x.type.axes) + elements(y.type.axes);
  // A factor that is shared by all, such as a parameter, makes a layer, whose rows are not this product's alone.
  const isBatched = op.type.axes.some((axis) => hasAxis(x.type, axis.name) && hasAxis(y.type, axis.name));
  return isBatched && elements(op.type.axes) >= timesLarger * factors && 4 * longest * tables <= device.sharedBytes;
}

/** The values of the same shape that are computed from a product. */
function familyOf(product: Op, consumers: ReadonlyMap<Op, readonly Op[]>): ReadonlySet<Op> {
  const family = new Set<Op>([product]);
  const open: Op[] = [product];
  for (let op = open.pop(); op !== undefined; op = open.pop()) {
    for (const next of consumers.get(op) ?? []) {
      if (family.has(next) || !isElementwise(next) || elements(next.type.axes) !== elements(product.type.axes)) continue;
      family.add(next);
      open.push(next);
    }
  }
  return family;
}

const others: ReadonlySet<Op["kind"]> = new Set<Op["kind"]>([
  "parameter", "state", "input", "reduce_sum", "reduce_max", "contract", "split", "merge", "slice", "pad", "concatenate", "take",
  "scatter_add", "argsort", "update", "broadcast",
]);
function isElementwise(op: Op): boolean {
  return !others.has(op.kind);
}

/** Whether an operation sums over one of the axes of an operand, and keeps it not. */
function sums(op: Op, operand: Op): boolean {
  if (op.kind === "reduce_sum" || op.kind === "reduce_max") return op.attributes.axes.length === 1;
  return op.kind === "contract" && op.attributes.axes.length === 1 && extentOf(operand.type, op.attributes.axes[0]!) > 1;
}
