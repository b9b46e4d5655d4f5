/** Inputs of which a measure uses parts only: the target is asked for the parts. */

import { Builder } from "../../ir/builder.js";
import type { SlotTypes } from "../../ir/definition.js";
import type { Entry, Op } from "../../ir/program.js";
import { usersOf } from "../rules/analysis.js";
import type { Cut } from "./pass.js";

/**
 * The entry with slices of inputs as inputs of their own, wherever nothing uses the whole. Parts along `batch` stay as they are: it
 * is longer here than on the target.
 * @param part declares an input that is a part of another one, and gives its name.
 */
export function narrowed(entry: Entry, slots: SlotTypes, part: (input: string, cut: Cut) => string): Entry {
  const users = usersOf(entry.operations);
  const results = new Set(entry.results.values());
  const isCut = (op: Op): boolean =>
    op.kind === "input" && !results.has(op) && (users.get(op) ?? []).every((user) => user.kind === "slice" && user.attributes.axis !== "batch");
  const builder = new Builder(slots);
  const copies = new Map<Op, Op>();
  for (const op of entry.operations) {
    if (isCut(op)) continue;
    builder.position = { place: op.place, phase: op.phase };
    const [x] = op.operands;
    if (op.kind === "slice" && x!.kind === "input" && isCut(x!)) copies.set(op, builder.add("input", [], { slot: part(x!.attributes.slot, op.attributes) }));
    else copies.set(op, builder.add(op.kind, op.operands.map((operand) => copies.get(operand)!), op.attributes as never) as Op);
  }
  return { name: entry.name, operations: builder.operations, results: new Map([...entry.results].map(([name, op]) => [name, copies.get(op)!])) };
}
