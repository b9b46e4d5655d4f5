/** Makes entries out of what a builder holds: only what results and updates need, numbered from 0. */

import { Builder } from "../ir/builder.js";
import type { SlotTypes } from "../ir/definition.js";
import type { Entry, Op } from "../ir/program.js";

/**
 * An entry of the operations that compute `results` and `updates`. Stated gradients have done their work by then, so
 * `attach_gradient` becomes its value.
 */
export function makeEntry(
  name: string,
  slots: SlotTypes,
  operations: readonly Op[],
  results: ReadonlyMap<string, Op>,
  updates: ReadonlyMap<string, Op>,
): Entry {
  const roots = new Set([...results.values(), ...updates.values()]);
  const needed = new Set<Op>();
  const mark = (op: Op) => {
    const open = [op];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (needed.has(next)) continue;
      needed.add(next);
      open.push(...(next.kind === "attach_gradient" ? next.operands.slice(0, 1) : next.operands));
    }
  };
  roots.forEach(mark);
  const builder = new Builder(slots);
  const copies = new Map<Op, Op>();
  for (const op of operations) {
    if (!needed.has(op)) continue;
    if (op.kind === "attach_gradient") {
      copies.set(op, copies.get(op.operands[0]!)!);
      continue;
    }
    builder.position = { place: op.place, phase: op.phase, ...(op.source === undefined ? {} : { source: op.source }) };
    copies.set(op, builder.add(op.kind, op.operands.map((operand) => copies.get(operand)!), op.attributes as never) as Op);
  }
  for (const [slot, value] of updates) {
    builder.position = { place: slot, phase: "update" };
    builder.add("update", [copies.get(value)!], { slot });
  }
  return { name, operations: builder.operations, results: new Map([...results].map(([key, op]) => [key, copies.get(op)!])) };
}
