/** Tensor values: alignment of axes by name, masks, token groups, and reductions that skip what is not valid. */

import type { Place } from "../diagnostics/diagnostic.js";
import type { BinaryKind } from "../ir/builder.js";
import type { Op } from "../ir/program.js";
import { type Axis, type DType, extentOf, hasAxis } from "../ir/types.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import type { PendingValue, Segment, TensorValue, Value } from "./values.js";

/** A value and the place of the text that gives it. */
interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

export function axesOf(value: TensorValue): readonly Axis[] {
  return value.op.type.axes;
}

/** The masks of several values, each once. */
export function masksOf(values: readonly TensorValue[]): readonly Op[] {
  const masked = values.filter((value) => value.masks.length > 0);
  return masked.length < 2 ? (masked[0]?.masks ?? []) : [...new Set(masked.flatMap((value) => value.masks))];
}

/** The token groups that a result inherits: those of an operand that has the result's whole `token` axis. */
export function groupsOf(values: readonly TensorValue[], result: Op): { groups?: readonly Segment[] } {
  if (!hasAxis(result.type, "token")) return {};
  const extent = extentOf(result.type, "token");
  const found = values.find((value) => value.groups !== undefined && hasAxis(value.op.type, "token") && extentOf(value.op.type, "token") === extent);
  return found?.groups === undefined ? {} : { groups: found.groups };
}

/** @throws CheckError when two tensors give one axis two extents. */
export function checkAligned(values: readonly Placed<TensorValue>[], where: Place): void {
  const seen = new Map<string, { extent: number; place: Place }>();
  for (const { value, place } of values) {
    for (const { name, extent } of axesOf(value)) {
      const known = seen.get(name);
      if (known === undefined) seen.set(name, { extent, place });
      else if (known.extent !== extent) {
        fail("N0302", where, `axis \`${name}\` has extent ${known.extent} on one side and ${extent} on the other`, {
          related: [
            { place: known.place, label: `\`${name}\` is ${known.extent}` },
            { place, label: `\`${name}\` is ${extent}` },
          ],
          help: `rename one of them, as in \`x[${name} as source]\`, if they are different things`,
        });
      }
    }
  }
}

/** A tensor of the wanted element type; whole numbers become floating-point ones where they must. */
export function converted(e: Elaborator, value: TensorValue, dtype: DType): TensorValue {
  return value.op.type.dtype === dtype ? value : { ...value, op: e.b.cast(value.op, dtype) };
}

/** An elementwise operation over aligned tensors. */
export function elementwise(e: Elaborator, values: readonly TensorValue[], build: (...ops: Op[]) => Op): TensorValue {
  const op = build(...values.map((value) => value.op));
  return { ...e.tensor(op, masksOf(values)), ...groupsOf(values, op) };
}

export function binary(e: Elaborator, kind: BinaryKind, x: TensorValue, y: TensorValue): TensorValue {
  return elementwise(e, [x, y], (a, b) => e.b.binary(kind, a, b));
}

function involves(mask: Op, axes: readonly string[]): boolean {
  return mask.type.axes.some((axis) => axes.includes(axis.name));
}

/** The masks that a reduction over `axes` consumes, joined to one condition, and those that stay. */
function consumed(e: Elaborator, value: TensorValue, axes: readonly string[]): { valid: Op | undefined; rest: readonly Op[] } {
  const used = value.masks.filter((mask) => involves(mask, axes));
  const rest = value.masks.filter((mask) => !involves(mask, axes));
  return { valid: used.length === 0 ? undefined : used.reduce((a, b) => e.b.binary("and", a, b)), rest };
}

function reduced(e: Elaborator, value: TensorValue, op: Op, rest: readonly Op[]): TensorValue {
  return { ...e.tensor(op, rest), ...groupsOf([value], op) };
}

/** The sum over `axes` of the valid elements. */
export function sumOver(e: Elaborator, value: TensorValue, axes: readonly string[]): TensorValue {
  const { valid, rest } = consumed(e, value, axes);
  const zero = e.b.constant(0, value.op.type.dtype);
  const kept = valid === undefined ? value.op : e.b.select(valid, value.op, zero);
  return reduced(e, value, e.b.sum(kept, axes), rest);
}

/** The largest valid element over `axes`. */
export function maxOver(e: Elaborator, value: TensorValue, axes: readonly string[]): TensorValue {
  const { valid, rest } = consumed(e, value, axes);
  const { dtype } = value.op.type;
  const lowest = e.b.constant(dtype === "f32" ? -Infinity : -(2 ** 31), dtype);
  const kept = valid === undefined ? value.op : e.b.select(valid, value.op, lowest);
  return reduced(e, value, e.b.maximum(kept, axes), rest);
}

/** How many valid elements there are over `axes`: a compile-time number where no mask decides. */
export function countOver(e: Elaborator, value: TensorValue, axes: readonly string[]): number | TensorValue {
  const { valid, rest } = consumed(e, value, axes);
  const extent = axes.reduce((product, name) => product * extentOf(value.op.type, name), 1);
  if (valid === undefined) return extent;
  const summed = axes.filter((name) => hasAxis(valid.type, name));
  const repeats = summed.reduce((rest, name) => rest / extentOf(value.op.type, name), extent);
  const count = e.b.sum(e.b.cast(valid, "f32"), summed);
  return e.tensor(repeats === 1 ? count : e.b.scale(count, repeats), rest.filter((mask) => mask.type.axes.every((axis) => hasAxis(count.type, axis.name))));
}

/** The mean over `axes` of the valid elements; 0 where there is none. */
export function meanOver(e: Elaborator, value: TensorValue, axes: readonly string[]): TensorValue {
  if (axes.length === 0) return value;
  const total = sumOver(e, value, axes);
  const count = countOver(e, value, axes);
  if (typeof count === "number") return { ...total, op: e.b.scale(total.op, 1 / count) };
  return { ...total, op: e.b.div(total.op, e.b.binary("max", count.op, e.b.constant(1))) };
}

/** The dot product over `axes`: invalid elements do not count. */
export function dot(e: Elaborator, x: TensorValue, y: TensorValue, axes: readonly string[]): TensorValue {
  const prepare = (value: TensorValue) => {
    const { valid, rest } = consumed(e, value, axes);
    return { op: valid === undefined ? value.op : e.b.select(valid, value.op, e.b.constant(0)), rest };
  };
  const [left, right] = [prepare(x), prepare(y)];
  const op = e.b.contract(left.op, right.op, axes);
  return { ...e.tensor(op, [...new Set([...left.rest, ...right.rest])]), ...groupsOf([x, y], op) };
}

/** Part of an axis. The part of a concatenation that is exactly one of its parts is that part. */
export function sliced(e: Elaborator, value: TensorValue, axis: string, start: number, extent: number): TensorValue {
  const cut = (op: Op): Op => {
    if (!hasAxis(op.type, axis) || (start === 0 && extentOf(op.type, axis) === extent)) return op;
    if (op.kind === "concatenate" && op.attributes.axis === axis && !e.isMeasured) {
      let offset = 0;
      for (const part of op.operands) {
        const own = extentOf(part.type, axis);
        if (offset === start && own === extent) return part;
        offset += own;
      }
    }
    return e.b.slice(op, axis, start, extent);
  };
  const masks = value.masks.map(cut);
  const { groups: _, ...rest } = value;
  return { ...rest, ...e.tensor(cut(value.op), masks) };
}

/** Joins tensors along an axis; axes that some of them lack are repeated there. */
export function concatenated(e: Elaborator, parts: readonly TensorValue[], axis: string): TensorValue {
  const others: Axis[] = [];
  for (const part of parts) {
    for (const own of axesOf(part)) {
      if (own.name !== axis && !others.some((known) => known.name === own.name)) others.push(own);
    }
  }
  const op = parts.length === 1 ? parts[0]!.op : e.b.concatenate(parts.map((part) => e.b.broadcast(part.op, others)), axis);
  const masks = masksOf(parts);
  // What is repeated for each example is valid where the example is: a class token beside the tokens of an example that only fills a batch.
  const repeated = (part: TensorValue, mask: Op) => mask.type.axes.length > 0 && mask.type.axes.every(({ name }) => !hasAxis(part.op.type, name));
  const shared = masks.filter((mask) => !hasAxis(mask.type, axis) && parts.every((part) => part.masks.includes(mask) || repeated(part, mask)));
  const own = masks.filter((mask) => !shared.includes(mask));
  if (parts.length === 1) return e.tensor(op, masks);
  if (own.length === 0) return e.tensor(op, shared);
  // Validity of the parts, joined like the parts; where a part has no condition of its own, everything is valid.
  const axes: Axis[] = [];
  for (const mask of own) for (const a of mask.type.axes) if (a.name !== axis && !axes.some((known) => known.name === a.name)) axes.push(a);
  const joined = parts.map((part) => {
    const conditions = part.masks.filter((mask) => own.includes(mask));
    const truth = e.b.cast(e.b.constant(1), "bool");
    const condition = conditions.length === 0 ? truth : conditions.reduce((a, b) => e.b.binary("and", a, b));
    const along = { name: axis, extent: extentOf(part.op.type, axis) };
    const full = e.b.broadcast(condition, [...axes, along]);
    if (conditions.length === 0) e.always.add(full);
    return full;
  });
  return e.tensor(op, [...shared, e.b.concatenate(joined, axis)]);
}

/** A pending parameter that met axes which fill in its extents, or undefined when some stay unknown. */
export function settled(pending: PendingValue, known: readonly Axis[]): TensorValue | undefined {
  const declared = pending.declared();
  if (declared !== undefined) return declared;
  const axes = pending.axes.map(({ name, extent }) => ({ name, extent: extent ?? known.find((axis) => axis.name === name)?.extent }));
  return axes.every((axis): axis is Axis => axis.extent !== undefined) ? pending.declare(axes) : undefined;
}

const isSettled = (placed: Placed<TensorValue | PendingValue>): placed is Placed<TensorValue> => placed.value.kind === "tensor";

/** Several values as tensors, pending parameters settled by the axes of the others. @throws CheckError for an extent that stays unknown. */
export function settleAll(values: readonly Placed<TensorValue | PendingValue>[]): TensorValue[] {
  if (values.every(isSettled)) return values.map(({ value }) => value);
  const known: Axis[] = [];
  for (const { value } of values) {
    for (const axis of value.kind === "tensor" ? axesOf(value) : value.axes) {
      if (axis.extent !== undefined && !known.some((other) => other.name === axis.name)) known.push({ name: axis.name, extent: axis.extent });
    }
  }
  return values.map(({ value, place }) => {
    if (value.kind === "tensor") return value;
    const tensor = settled(value, known);
    if (tensor !== undefined) return tensor;
    const missing = value.axes.find((axis) => axis.extent === undefined && !known.some((other) => other.name === axis.name))!;
    return fail("N0307", missing.place ?? place, `the extent of axis \`${missing.name}\` is not known`, {
      related: missing.place === undefined ? [] : [{ place, label: "it is needed here" }],
      help: `write it down, as in \`param[${missing.name}: 64]\``,
      note: "an axis without an extent takes it from the first tensor with that axis that the parameter meets",
    });
  });
}

/** Whether a value can be used as a tensor. */
export function isTensorLike(value: Value): value is TensorValue | PendingValue {
  return value.kind === "tensor" || value.kind === "pending";
}
