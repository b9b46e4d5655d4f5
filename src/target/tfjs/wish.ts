/** What the users of a value would like it to look like, so that it is made that way. */

import type { Entry, Op, Program } from "../../ir/program.js";
import { type Axis, sameAxes } from "../../ir/types.js";
import type { Arrangement } from "./region.js";

export interface Wishes {
  readonly users: ReadonlyMap<Op, readonly Op[]>;
  /** The order of axes that saves a transposition later. */
  readonly order: ReadonlyMap<Op, readonly Axis[]>;
  /** For gradients: the axes of the parameter that the value updates. */
  readonly slotShape: ReadonlyMap<Op, readonly Axis[]>;
}

/** Kinds whose operands are aligned by their axes, and whose result is laid out like them. */
export const alignedKinds: ReadonlySet<string> = new Set([
  "neg", "exp", "log", "sqrt", "rsqrt", "tanh", "erf", "sin", "cos", "abs", "sign", "floor", "add", "sub", "mul", "div",
  "pow", "max", "min", "select", "cast", "stop_gradient", "attach_gradient",
]);

export function wishesOf(entry: Entry, { regions }: Arrangement, program: Program): Wishes {
  const users = new Map<Op, Op[]>();
  for (const op of entry.operations) {
    for (const operand of op.operands) users.set(operand, [...(users.get(operand) ?? []), op]);
  }
  const slots = new Map(program.parameters.map((slot) => [slot.name, slot.type]));
  const order = new Map<Op, readonly Axis[]>();
  const slotShape = new Map<Op, readonly Axis[]>();
  for (const op of entry.operations.toReversed()) {
    for (const user of users.get(op) ?? []) {
      const owner = user.phase === "update" ? slots.get(regions.get(user)!.key) : undefined;
      if (op.phase !== "update" && owner !== undefined && sameAxes(owner.axes, op.type.axes)) slotShape.set(op, owner.axes);
      const wished = user.kind === "update" ? user.type.axes : alignedKinds.has(user.kind) ? order.get(user) : undefined;
      if (wished !== undefined && sameAxes(wished, op.type.axes)) order.set(op, wished);
    }
    const shape = slotShape.get(op);
    if (shape !== undefined) order.set(op, shape);
  }
  return { users, order, slotShape };
}
