/** The order of a stored value's axes in memory, where another one than its type's serves better. */

import type { Entry, Op } from "../ir/program.js";
import { type Axis, elements, sameAxes } from "../ir/types.js";

/**
 * Gradients get the layout of the slots that they update, so that an update runs straight through memory. A factor of a product
 * with a parameter gets the axes summed over last, in the parameter's order, so that each of its rows lies in one piece.
 */
export function wishedLayouts(entry: Entry, stored: ReadonlySet<Op>): ReadonlyMap<Op, readonly Axis[]> {
  const result = new Map<Op, readonly Axis[]>();
  for (const op of entry.operations) if (op.kind === "update") followBack(op.operands[0]!, op.type.axes, new Set());
  for (const op of entry.operations) {
    if (op.kind !== "contract") continue;
    const [x, y] = op.operands as readonly [Op, Op];
    for (const [value, other] of [[x, y], [y, x]] as const) {
      if (throughRenames(other).kind !== "parameter") continue;
      const isSummed = (axis: Axis) => op.attributes.axes.includes(axis.name);
      wish(value, [...value.type.axes.filter((axis) => !isSummed(axis)), ...other.type.axes.filter(isSummed)]);
    }
  }
  return result;

  /** From an update back to the stored values of the slot's shape that it reads. */
  function followBack(op: Op, order: readonly Axis[], seen: Set<Op>): void {
    if (seen.has(op) || !sameAxes(op.type.axes, order)) return;
    seen.add(op);
    if (stored.has(op)) wish(op, order);
    else if (op.kind === "rename") followBack(op.operands[0]!, renamedBack(op, order), seen);
    else for (const operand of op.operands) followBack(operand, order, seen);
  }

  /** The first wish counts; it goes back through renames to where the value is made. */
  function wish(op: Op, order: readonly Axis[]): void {
    let [base, axes] = [op, order];
    while (base.kind === "rename" && !stored.has(base)) {
      axes = renamedBack(base, axes);
      base = base.operands[0]!;
    }
    if (elements(axes) === elements(base.type.axes) && sameAxes(axes, base.type.axes) && !result.has(base)) result.set(base, axes);
  }
}

function renamedBack(op: Extract<Op, { kind: "rename" }>, axes: readonly Axis[]): readonly Axis[] {
  const { from, to } = op.attributes;
  return axes.map((axis) => (to.includes(axis.name) ? { ...axis, name: from[to.indexOf(axis.name)]! } : axis));
}

function throughRenames(op: Op): Op {
  return op.kind === "rename" ? throughRenames(op.operands[0]!) : op;
}
