/** IR to IR: rewrites that kernels need and that cost nothing elsewhere. */

import { Builder } from "../ir/builder.js";
import type { SlotTypes } from "../ir/definition.js";
import type { Entry, Op, OpOf } from "../ir/program.js";
import { type Axis, elements, hasAxis } from "../ir/types.js";
import type { Device } from "./device.js";

/** The live operations of an entry, without stated gradients, with sorts written as counting and long reductions in two stages. */
export function prepare(entry: Entry, slots: SlotTypes, device: Device): Entry {
  const builder = new Builder(slots);
  const copies = new Map<Op, Op>();
  for (const op of neededBy(entry)) {
    builder.position = { place: op.place, phase: op.phase, ...(op.source === undefined ? {} : { source: op.source }) };
    const operands = op.operands.map((operand) => copies.get(operand)!);
    copies.set(op, rewritten(builder, op, operands, device));
  }
  const results = new Map([...entry.results].map(([name, op]) => [name, copies.get(op)!]));
  return { name: entry.name, operations: builder.operations, results };
}

/** What results and updates need: `attach_gradient` needs its value alone. */
function neededBy(entry: Entry): readonly Op[] {
  const needed = new Set<Op>([...entry.results.values(), ...entry.operations.filter((op) => op.kind === "update")]);
  for (const op of entry.operations.toReversed()) {
    if (!needed.has(op)) continue;
    const operands = op.kind === "attach_gradient" ? op.operands.slice(0, 1) : op.operands;
    for (const operand of operands) needed.add(operand);
  }
  return entry.operations.filter((op) => needed.has(op));
}

function rewritten(builder: Builder, op: Op, operands: readonly Op[], device: Device): Op {
  switch (op.kind) {
    case "attach_gradient":
    case "stop_gradient":
      return operands[0]!;
    case "argsort":
      return sorted(builder, operands[0]!, op.attributes.axis);
    case "reduce_sum":
    case "reduce_max":
      return reduced(builder, op, operands[0]!, device);
    default:
      return builder.add(op.kind, operands, op.attributes as never) as Op;
  }
}

/**
 * The order that sorts: each element's rank is the number of elements that come before it, and the order is the ranks'
 * inverse. Counting needs no exchange between threads, and equal elements keep their order.
 */
function sorted(builder: Builder, x: Op, name: string): Op {
  const b = builder.build;
  const extent = x.type.axes.find((axis) => axis.name === name)!.extent;
  const free = (wish: string): string => (hasAxis(x.type, wish) ? free(`${wish}'`) : wish);
  const other = free(`${name}'`);
  const [own, others] = [b.iota(name, extent), b.iota(other, extent)];
  const rival = b.rename(x, [name], [other]);
  const isBefore = b.binary("or", b.binary("less", rival, x), b.binary("and", b.binary("equal", rival, x), b.binary("less", others, own)));
  const rank = b.sum(b.cast(isBefore, "i32"), [other]);
  const hit = b.binary("equal", rank, others);
  return b.rename(b.sum(b.select(hit, own, b.constant(0, "i32")), [name]), [other], [name]);
}

/** More elements than this are not summed for one result without being divided among threads. */
const longest = 4096;

/** A reduction of very many elements to few results: first in parts along its slow axes, then over the parts. */
function reduced(builder: Builder, op: OpOf<"reduce_sum"> | OpOf<"reduce_max">, x: Op, device: Device): Op {
  const axes = x.type.axes.filter((axis) => op.attributes.axes.includes(axis.name));
  const [inner, outer] = [elements(axes), elements(op.type.axes)];
  const reduce = (of: Op, names: readonly string[]) => builder.add(op.kind, [of], { axes: names }) as Op;
  if (inner <= longest || outer >= device.parallelism) return reduce(x, axes.map((axis) => axis.name));
  let value = x;
  const kept: string[] = [];
  let [parts, rest] = [1, [...axes]];
  const wanted = Math.min(Math.ceil(device.parallelism / outer), Math.ceil(Math.sqrt(inner)));
  while (parts < wanted && rest.length > 0) {
    const axis = rest.shift()!;
    const count = divisorNear(axis.extent, wanted / parts);
    if (count === axis.extent) kept.push(axis.name);
    else if (count > 1) {
      const names = freeNames(value, axis.name);
      const pieces: readonly Axis[] = [{ name: names[0], extent: count }, { name: names[1], extent: axis.extent / count }];
      value = builder.build.split(value, axis.name, pieces);
      kept.push(names[0]);
      rest = [pieces[1]!, ...rest];
      break;
    } else {
      rest = [...rest, axis];
      break;
    }
    parts *= count;
  }
  if (kept.length === 0 || rest.length === 0) return reduce(x, axes.map((axis) => axis.name));
  return reduce(reduce(value, rest.map((axis) => axis.name)), kept);
}

/** The smallest divisor of `extent` that is at least `wish`, or all of it when the next one is far too large. */
function divisorNear(extent: number, wish: number): number {
  if (extent <= 2 * wish) return extent;
  for (let count = Math.ceil(wish); count <= 4 * wish; count++) if (extent % count === 0) return count;
  for (let count = Math.floor(wish); count > 1; count--) if (extent % count === 0) return count;
  return 1;
}

function freeNames(x: Op, name: string): readonly [string, string] {
  let marks = "'";
  while (hasAxis(x.type, `${name}${marks}outer`) || hasAxis(x.type, `${name}${marks}inner`)) marks += "'";
  return [`${name}${marks}outer`, `${name}${marks}inner`];
}
