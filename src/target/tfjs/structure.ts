/** Operations that rearrange tensors. Most of them only say anew what the dimensions carry. */

import { type Axis, type DType, elements } from "../../ir/types.js";
import { type Dimensions, includes, names, orderOf, sameOrder, shapeOf } from "./layout.js";
import { type Lowering, type Physical, type Placed, carried, isLiteral } from "./lowering.js";
import type { Rule } from "./rule.js";

/**
 * `dimensions` with each axis replaced by others that lie in the same memory. Axes of extent 1 are dropped.
 */
function substituted(dimensions: Dimensions, by: (axis: Axis) => readonly Axis[]): Dimensions {
  return dimensions.map((dimension) => dimension.flatMap((axis) => by(axis).filter(({ extent }) => extent > 1)));
}

/** `placed` with `axis` in a dimension of its own; where it has none, between one for all axes before it and one for all behind. */
function isolated(l: Lowering, placed: Placed, axis: Axis): { placed: Placed; at: number } {
  const own = placed.dimensions.findIndex((dimension) => dimension.length === 1 && dimension[0]!.name === axis.name);
  if (own >= 0 && placed.dimensions.length <= 4) return { placed, at: own };
  const order = orderOf(placed.dimensions);
  const at = order.findIndex((other) => other.name === axis.name);
  const dimensions = [order.slice(0, at), [axis], order.slice(at + 1)].filter((dimension) => dimension.length > 0);
  return { placed: l.reshape(placed, dimensions), at: at === 0 ? 0 : 1 };
}

/** `physical` with all of `axes` in memory; those that it lacks stand where `order` has them. */
function carrying(l: Lowering, physical: Physical, axes: readonly Axis[], order: readonly Axis[], dtype: DType): Placed {
  const own = carried(physical);
  const missing = axes.filter((axis) => axis.extent > 1 && !includes(own, axis.name));
  if (missing.length === 0 && !isLiteral(physical)) return physical;
  const all = [...own];
  for (const axis of missing) all.splice(positionOf(all, order, axis.name), 0, axis);
  return l.full(physical, all.map((axis) => [axis]), dtype);
}

export const structure: {
  [K in "broadcast" | "rename" | "split" | "merge" | "slice" | "pad" | "concatenate"]: Rule<K>;
} = {
  // Whoever needs the repetition makes it; most operations broadcast by themselves.
  broadcast: (l, op) => l.operand(op.operands[0]!),

  rename: (l, op) => {
    const x = l.operand(op.operands[0]!);
    if (isLiteral(x)) return x;
    const { from, to } = op.attributes;
    const renamed = (axis: Axis) => (from.includes(axis.name) ? { name: to[from.indexOf(axis.name)]!, extent: axis.extent } : axis);
    return { value: x.value, dimensions: substituted(x.dimensions, (axis) => [renamed(axis)]) };
  },

  split: (l, op) => {
    const x = l.operand(op.operands[0]!);
    if (isLiteral(x)) return x;
    const { axis, into } = op.attributes;
    return { value: x.value, dimensions: substituted(x.dimensions, (own) => (own.name === axis ? into : [own])) };
  },

  merge: (l, op) => {
    const [input] = op.operands;
    const x = l.operand(input!);
    const parts = op.attributes.axes
      .map((name) => input!.type.axes.find((axis) => axis.name === name)!)
      .filter(({ extent }) => extent > 1);
    const isPart = (axis: Axis) => includes(parts, axis.name);
    if (!carried(x).some(isPart)) return x;
    const placed = carrying(l, x, parts, input!.type.axes, op.type.dtype);
    const order = orderOf(placed.dimensions);
    const start = order.findIndex(isPart);
    const before = order.slice(0, start);
    const after = order.slice(start).filter((axis) => !isPart(axis));
    const arranged = l.arrange(placed, [...before, ...parts, ...after]);
    const merged: Axis = { name: op.attributes.into, extent: elements(parts) };
    // The dimensions that hold a part become one.
    const dimensions: (readonly Axis[])[] = [];
    for (const dimension of arranged.dimensions.filter((own) => own.length > 0)) {
      const last = dimensions.at(-1);
      if (last?.some(isPart) && dimension.some(isPart)) dimensions[dimensions.length - 1] = [...last, ...dimension];
      else dimensions.push(dimension);
    }
    const { value } = l.reshape(arranged, dimensions);
    const replaced = (dimension: readonly Axis[]) => {
      const at = dimension.findIndex(isPart);
      return at < 0 ? dimension : [...dimension.slice(0, at), merged, ...dimension.slice(at).filter((axis) => !isPart(axis))];
    };
    return { value, dimensions: dimensions.map(replaced) };
  },

  slice: (l, op) => {
    const x = l.operand(op.operands[0]!);
    const { start, extent } = op.attributes;
    const axis = carried(x).find((own) => own.name === op.attributes.axis);
    if (isLiteral(x) || axis === undefined) return x;
    if (axis.extent === extent) return x;
    const { placed, at } = isolated(l, x, axis);
    const shape = placed.value.shape.map((size, i) => (i === at ? extent : size));
    const begin = shape.map((_, i) => (i === at ? start : 0));
    const value = l.tf("slice", [placed.value, begin, shape], shape, op.type.dtype);
    return { value, dimensions: placed.dimensions.map((dimension, i) => (i === at ? (extent === 1 ? [] : [{ ...axis, extent }]) : dimension)) };
  },

  pad: (l, op) => {
    const { axis: name, before, after } = op.attributes;
    const input = op.operands[0]!;
    if (before + after === 0) return l.operand(input);
    const { extent } = input.type.axes.find((axis) => axis.name === name)!;
    const order = l.wishedOrder(op) ?? op.type.axes;
    const whole = carrying(l, l.operand(input), [{ name, extent }], order, op.type.dtype);
    const { placed, at } = withDimension(l, whole, order, { name, extent });
    const widths = placed.dimensions.map((_, i) => (i === at ? [before, after] : [0, 0]));
    const grown: Axis = { name, extent: before + extent + after };
    const dimensions = placed.dimensions.map((dimension, i) => (i === at ? [grown] : dimension));
    return { value: l.tf("pad", [placed.value, widths], shapeOf(dimensions), op.type.dtype), dimensions };
  },

  concatenate: (l, op) => {
    const { axis: name } = op.attributes;
    const inputs = op.operands.map((operand) => ({ physical: l.operand(operand), type: operand.type }));
    if (inputs.length === 1) return inputs[0]!.physical;
    const wished = l.wishedOrder(op) ?? op.type.axes;
    const shared = op.type.axes.filter((axis) => axis.name !== name && inputs.some(({ physical }) => includes(carried(physical), axis.name)));
    const parts = inputs.map(({ physical, type }) => {
      const axis = type.axes.find((own) => own.name === name)!;
      return { axis, placed: carrying(l, physical, [...shared, axis], wished, op.type.dtype) };
    });
    const largest = parts.reduce((best, part) => (part.axis.extent > best.axis.extent ? part : best));
    const order = orderOf(largest.placed.dimensions);
    const at = largest.axis.extent > 1 ? order.findIndex((axis) => axis.name === name) : positionOf(order, wished, name);
    const others = order.filter((axis) => axis.name !== name);
    const [before, after] = [others.slice(0, at), others.slice(at)];
    const around = dimensionsAround(parts.map(({ placed }) => placed), before, after);
    const values = parts.map(({ axis, placed }) => {
      const own = axis.extent > 1 ? [axis] : [];
      const arranged = l.arrange(placed, [...before, ...own, ...after]);
      return l.reshape(arranged, [...around.before, own, ...around.after]).value;
    });
    const dimensions = [...around.before, [op.type.axes.find((axis) => axis.name === name)!], ...around.after];
    return { value: l.tf("concat", [values, around.before.length], shapeOf(dimensions), op.type.dtype), dimensions };
  },
};

/** `placed` with a dimension for `axis` alone, which is made where `axes` says when its extent is 1. */
function withDimension(l: Lowering, placed: Placed, axes: readonly Axis[], axis: Axis): { placed: Placed; at: number } {
  if (axis.extent > 1) return isolated(l, placed, axis);
  const order = orderOf(placed.dimensions);
  const start = positionOf(order, axes, axis.name);
  const { before, after } = dimensionsAround([placed], order.slice(0, start), order.slice(start));
  return { placed: l.reshape(placed, [...before, [], ...after]), at: before.length };
}

/** Before which axis of `order` an axis belongs, by the order of `axes`. */
function positionOf(order: readonly Axis[], axes: readonly Axis[], name: string): number {
  const behind = names(axes).slice(names(axes).indexOf(name) + 1);
  const at = order.findIndex((axis) => behind.includes(axis.name));
  return at < 0 ? order.length : at;
}

/** Dimensions over the axes before and behind a certain place: those of the first tensor that has a border there. */
function dimensionsAround(placed: readonly Placed[], before: readonly Axis[], after: readonly Axis[]): { before: Dimensions; after: Dimensions } {
  const isAround = (axis: Axis) => includes(before, axis.name) || includes(after, axis.name);
  for (const { dimensions } of placed) {
    const own = dimensions.filter((dimension) => dimension.length > 0 && dimension.every(isAround));
    const border = own.findIndex((_, i) => own.slice(0, i).flat().length >= before.length);
    const at = border < 0 ? own.length : border;
    const parted = { before: own.slice(0, at), after: own.slice(at) };
    if (own.length <= 3 && sameOrder(orderOf(parted.before), before) && sameOrder(orderOf(parted.after), after)) return parted;
  }
  return { before: before.length > 0 ? [before] : [], after: after.length > 0 ? [after] : [] };
}
