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
    case "contract":
      return splitProduct(builder, op, operands, device);
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
  // A group that works together sums a long row by itself.
  const isShared = device.cooperates && outer >= 32 && inner <= 16 * longest;
  if (inner <= longest || outer >= device.parallelism || isShared) return reduce(x, axes.map((axis) => axis.name));
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

/** Results of a product's tile, and the threads that compute it; the summands that a part of a product must keep. */
const tile = { results: 64 * 64, threads: 256, summands: 512 };

/**
 * A product of few results and many summands, such as a weight's gradient, is computed in parts along one of the axes that it
 * sums over, so that all of the device works on it, and the parts are summed after.
 */
function splitProduct(builder: Builder, op: OpOf<"contract">, operands: readonly Op[], device: Device): Op {
  const [x, y] = operands as readonly [Op, Op];
  const summed = x.type.axes.filter((axis) => op.attributes.axes.includes(axis.name));
  const busy = Math.ceil(elements(op.type.axes) / tile.results) * tile.threads;
  const wanted = Math.min(Math.floor(device.parallelism / busy), Math.floor(elements(summed) / tile.summands), 16);
  const [axis] = [...summed].sort((a, b) => b.extent - a.extent);
  const count = axis === undefined || !device.cooperates || wanted < 2 ? 1 : divisorNear(axis.extent, wanted);
  if (count === 1 || count > 2 * wanted) return builder.add("contract", operands, op.attributes) as Op;
  const b = builder.build;
  const outer = freeName(freeName(`${axis!.name}'outer`, x), y);
  const inner = freeName(freeName(`${axis!.name}'inner`, x), y);
  const pieces = [{ name: outer, extent: count }, { name: inner, extent: axis!.extent / count }];
  const parts = operands.map((factor) => b.split(factor, axis!.name, pieces)) as [Op, Op];
  const names = [...summed.filter((own) => own !== axis).map((own) => own.name), inner];
  return b.sum(b.contract(...parts, names), [outer]);
}

function freeName(wish: string, x: Op): string {
  return hasAxis(x.type, wish) ? freeName(`${wish}'`, x) : wish;
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
