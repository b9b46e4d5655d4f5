/** Facts about values of the IR that several rules need. */

import type { Op } from "../../ir/program.js";
import { extentOf, hasAxis } from "../../ir/types.js";
import type { GroupSite } from "../model.js";

/** Whether values are the same at every position of an axis, by how they were made. */
export class Constancy {
  /** Answers by operation and axis. */
  private readonly known = new Map<string, boolean>();

  along(op: Op, axis: string): boolean {
    const asked = new Set<string>();
    const open: (readonly [Op, string])[] = [[op, axis]];
    let same = true;
    for (let next = open.pop(); next !== undefined && same; next = open.pop()) {
      const [value, along] = next;
      const key = `${value.id} ${along}`;
      const known = this.known.get(key);
      if (known === true || asked.has(key)) continue;
      asked.add(key);
      const needed = known === false ? undefined : needs(value, along);
      if (needed === undefined) same = false;
      else open.push(...needed);
    }
    if (same) for (const key of asked) this.known.set(key, true);
    else this.known.set(`${op.id} ${axis}`, false);
    return same;
  }
}

/** Of what values, along which axes, a value must be made to be the same along an axis; undefined when it never is. */
function needs(op: Op, axis: string): readonly (readonly [Op, string])[] | undefined {
  if (!hasAxis(op.type, axis) || extentOf(op.type, axis) === 1) return [];
  const first = op.operands[0]!;
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
      return undefined;
    case "broadcast":
      return [[first, axis]];
    case "rename": {
      const at = op.attributes.to.indexOf(axis);
      return [[first, at < 0 ? axis : op.attributes.from[at]!]];
    }
    case "split":
      return [[first, op.attributes.into.some((own) => own.name === axis) ? op.attributes.axis : axis]];
    case "merge":
      return op.attributes.into === axis ? op.attributes.axes.map((own) => [first, own]) : [[first, axis]];
    case "concatenate":
      return op.attributes.axis === axis ? undefined : op.operands.map((operand) => [operand, axis]);
    default:
      return op.operands.map((operand) => [operand, axis]);
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
