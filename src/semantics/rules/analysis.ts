/** Facts about values of the IR that several rules need. */

import type { Op } from "../../ir/program.js";
import { extentOf, hasAxis } from "../../ir/types.js";
import type { GroupSite } from "../model.js";

/** Whether a value is the same at every position of an axis, by how it was made. */
export class Constancy {
  private readonly known = new Map<Op, Map<string, boolean>>();

  along(op: Op, axis: string): boolean {
    if (!hasAxis(op.type, axis) || extentOf(op.type, axis) === 1) return true;
    const own = this.known.get(op) ?? new Map<string, boolean>();
    this.known.set(op, own);
    const known = own.get(axis);
    if (known !== undefined) return known;
    const result = this.decide(op, axis);
    own.set(axis, result);
    return result;
  }

  private decide(op: Op, axis: string): boolean {
    switch (op.kind) {
      case "parameter":
      case "state":
      case "input":
      case "iota":
      case "random":
      case "cotangent":
      case "argsort":
      case "pad":
      case "scatter_add":
      case "take":
        return false;
      case "broadcast":
        return op.attributes.axes.some((own) => own.name === axis) || this.along(op.operands[0]!, axis);
      case "rename": {
        const at = op.attributes.to.indexOf(axis);
        return this.along(op.operands[0]!, at < 0 ? axis : op.attributes.from[at]!);
      }
      case "split":
        return op.attributes.into.some((own) => own.name === axis) ? this.along(op.operands[0]!, op.attributes.axis) : this.along(op.operands[0]!, axis);
      case "merge":
        return op.attributes.into === axis ? op.attributes.axes.every((own) => this.along(op.operands[0]!, own)) : this.along(op.operands[0]!, axis);
      case "concatenate":
        return op.attributes.axis !== axis && op.operands.every((operand) => this.along(operand, axis));
      case "slice":
        return this.along(op.operands[0]!, axis);
      default:
        return op.operands.every((operand) => this.along(operand, axis));
    }
  }
}

/** The reductions of a norm at a site: the axes and how many values each takes together. */
export interface Statistic {
  readonly axes: readonly string[];
  readonly count: number;
  readonly operand: Op;
}

/** The statistics that a norm takes at a site, from the operations it was written out to. */
export function statistics(operations: readonly Op[], site: GroupSite): readonly Statistic[] {
  const [start, end] = site.operations;
  return operations.slice(start, end).flatMap((op) => {
    if (op.kind !== "reduce_sum" && op.kind !== "reduce_max") return [];
    const operand = op.operands[0]!;
    if (operand.type.dtype !== "f32") return [];
    const count = op.attributes.axes.reduce((product, axis) => product * extentOf(operand.type, axis), 1);
    return [{ axes: op.attributes.axes, count, operand }];
  });
}

/** Every operation's users. */
export function usersOf(operations: readonly Op[]): ReadonlyMap<Op, readonly Op[]> {
  const users = new Map<Op, Op[]>();
  for (const op of operations) {
    for (const operand of new Set(op.operands)) {
      const known = users.get(operand);
      if (known === undefined) users.set(operand, [op]);
      else known.push(op);
    }
  }
  return users;
}
