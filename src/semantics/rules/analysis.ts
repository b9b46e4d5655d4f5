/** Facts about values of the IR that several rules need. */

import type { Op } from "../../ir/program.js";
import { extentOf, hasAxis } from "../../ir/types.js";
import type { GroupSite } from "../model.js";

/** A stretch of one axis, such as the class token's place in a sequence. */
interface Stretch {
  readonly axis: string;
  readonly start: number;
  readonly extent: number;
}

/** Whether a value is the same at every position of an axis, perhaps in a stretch of another one alone. */
type Question = readonly [op: Op, axis: string, within?: Stretch | undefined];

/** Whether values are the same at every position of an axis, by how they were made. */
export class Constancy {
  /** Answers by operation, axis and stretch. */
  private readonly known = new Map<string, boolean>();

  along(op: Op, axis: string): boolean {
    // Every question asked, with the one that led to it.
    const asked = new Map<string, string | undefined>();
    const open: { question: Question; from: string | undefined }[] = [{ question: [op, axis], from: undefined }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [value, along, within] = next.question;
      const key = `${value.id} ${along}${within === undefined ? "" : ` ${within.axis} ${within.start} ${within.extent}`}`;
      const known = this.known.get(key);
      if (known === true || asked.has(key)) continue;
      asked.set(key, next.from);
      const needed = known === false ? undefined : needs(value, along, within);
      if (needed === undefined) {
        // Whatever led here needs it, so all of that is answered as well.
        for (let led: string | undefined = key; led !== undefined; led = asked.get(led)) this.known.set(led, false);
        return false;
      }
      open.push(...needed.map((question) => ({ question, from: key })));
    }
    for (const key of asked.keys()) this.known.set(key, true);
    return true;
  }
}

/** What must hold of the operands for a value to be the same along an axis; undefined when it never is. */
function needs(op: Op, axis: string, stretch: Stretch | undefined): readonly Question[] | undefined {
  const within = stretch !== undefined && hasAxis(op.type, stretch.axis) ? stretch : undefined;
  if (!hasAxis(op.type, axis) || extentOf(op.type, axis) === 1 || (within?.axis === axis && within.extent === 1)) return [];
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
    case "rename": {
      const before = (name: string) => op.attributes.from[op.attributes.to.indexOf(name)] ?? name;
      return [[first, before(axis), within && { ...within, axis: before(within.axis) }]];
    }
    case "split": {
      const { into, axis: from } = op.attributes;
      const isPart = (name: string) => into.some((own) => own.name === name);
      return [[first, isPart(axis) ? from : axis, within && isPart(within.axis) ? undefined : within]];
    }
    case "merge": {
      const { into, axes } = op.attributes;
      const rest = within?.axis === into ? undefined : within;
      return into === axis ? axes.map((own): Question => [first, own, rest]) : [[first, axis, rest]];
    }
    case "slice": {
      const { start, extent } = op.attributes;
      if (within !== undefined && within.axis !== op.attributes.axis) return [[first, axis, within]];
      return [[first, axis, within === undefined ? { axis: op.attributes.axis, start, extent } : { ...within, start: start + within.start }]];
    }
    case "concatenate": {
      const parts = partsIn(op.operands, op.attributes.axis, within?.axis === op.attributes.axis ? within : undefined);
      if (op.attributes.axis === axis && parts.length > 1) return undefined;
      return parts.map(([part, own]): Question => [part, axis, own ?? within]);
    }
    default:
      return op.operands.map((operand): Question => [operand, axis, within]);
  }
}

/** The parts of a concatenation that lie in a stretch of it, each with the stretch of its own; all of them without one. */
function partsIn(parts: readonly Op[], axis: string, within: Stretch | undefined): readonly (readonly [Op, Stretch?])[] {
  if (within === undefined) return parts.map((part) => [part]);
  let offset = 0;
  return parts.flatMap((part) => {
    const extent = extentOf(part.type, axis);
    const start = Math.max(within.start - offset, 0);
    const end = Math.min(within.start + within.extent - offset, extent);
    offset += extent;
    return start < end ? [[part, { axis, start, extent: end - start }] as const] : [];
  });
}

/** The reductions of a norm at a site: the axes and how many values each takes together. */
export interface Statistic {
  readonly axes: readonly string[];
  readonly count: number;
  readonly operand: Op;
  /** Whether a layer inside of the norm takes it, so that nothing is normalised by it. */
  readonly isInNet: boolean;
}

/** The statistics that a norm takes at a site, from the operations it was written out to. */
export function statistics(operations: readonly Op[], site: GroupSite): readonly Statistic[] {
  const [start, end] = site.operations;
  return operations.slice(start, end).flatMap((op) => {
    if (op.kind !== "reduce_sum" && op.kind !== "reduce_max") return [];
    const operand = op.operands[0]!;
    if (operand.type.dtype !== "f32") return [];
    const count = op.attributes.axes.reduce((product, axis) => product * extentOf(operand.type, axis), 1);
    return [{ axes: op.attributes.axes, count, operand, isInNet: isWithin(op, site.nets) }];
  });
}

/** Whether an operation is in one of some ranges. */
export function isWithin(op: Op, ranges: GroupSite["nets"]): boolean {
  return ranges.some(([start, end]) => op.id >= start && op.id < end);
}

/** What some values are computed from, and they themselves. */
export function neededFor(values: Iterable<Op>): ReadonlySet<Op> {
  const needed = new Set(values);
  for (const op of needed) for (const operand of op.operands) needed.add(operand);
  return needed;
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
