/** The reference interpreter: float64, one operation after the other. Slow and obvious on purpose. */

import type { Environment, Tensor } from "./definition.js";
import { operations } from "./ops/index.js";
import type { Entry, Op } from "./program.js";

export interface Outcome {
  /** The entry's results by name. */
  readonly results: ReadonlyMap<string, Tensor>;
  /** The new values of the slots that the entry updates. */
  readonly updates: ReadonlyMap<string, Float64Array>;
  /** Every value, for looking inside. */
  readonly values: ReadonlyMap<Op, Tensor>;
}

/** Runs one entry of a verified program. @throws IrError when a slot or input has no value, or an index is out of range. */
export function interpret(entry: Entry, environment: Environment): Outcome {
  const values = new Map<Op, Tensor>();
  const updates = new Map<string, Float64Array>();
  for (const op of entry.operations) {
    const operands = op.operands.map((operand) => values.get(operand)!);
    const data = operations[op.kind].evaluate(op as never, operands, environment);
    values.set(op, { type: op.type, data });
    if (op.kind === "update") updates.set(op.attributes.slot, data);
  }
  const results = new Map([...entry.results].map(([name, op]) => [name, values.get(op)!]));
  return { results, updates, values };
}
