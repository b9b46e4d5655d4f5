/** Makes entries out of what a builder holds: only what results and updates need. */

import type { SlotTypes } from "../ir/definition.js";
import { neededBy, valuesOf } from "../ir/needed.js";
import { resultType } from "../ir/ops/index.js";
import type { Entry, Op } from "../ir/program.js";

/**
 * An entry of the operations that compute `results` and `updates`. Stated gradients have done their work by then, so
 * `attach_gradient` becomes its value. Operations that do not rest on one are the builder's own, with their numbers.
 * @param operations of one builder, in order, with all that results and updates are made of.
 * @throws IrError when an update is not of its slot's type.
 */
export function makeEntry(
  name: string,
  slots: SlotTypes,
  operations: readonly Op[],
  results: ReadonlyMap<string, Op>,
  updates: ReadonlyMap<string, Op>,
): Entry {
  const replaced = new Map<Op, Op>();
  const now = (op: Op) => replaced.get(op) ?? op;
  const made: Op[] = [];
  for (const op of neededBy([...results.values(), ...updates.values()], operations, valuesOf)) {
    if (op.kind === "attach_gradient") replaced.set(op, now(op.operands[0]!));
    else if (op.operands.some((operand) => replaced.has(operand))) {
      const copy = { ...op, operands: op.operands.map(now) };
      replaced.set(op, copy);
      made.push(copy);
    } else made.push(op);
  }
  let id = operations.length;
  for (const [slot, value] of updates) {
    const operands = [now(value)];
    const type = resultType("update", operands, { slot }, slots);
    made.push({ id: id++, kind: "update", operands, attributes: { slot }, type, place: slot, phase: "update" });
  }
  return { name, operations: made, results: new Map([...results].map(([key, op]) => [key, now(op)])) };
}
