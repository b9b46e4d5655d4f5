/**
 * Physical layouts. A tensor of TensorFlow.js has a shape; here each of its dimensions carries the axes of the IR that
 * are merged in it, slowest first. Axes of extent 1 are never carried: they can stand anywhere, and a dimension without
 * axes has extent 1.
 */

import { type Axis, elements } from "../../ir/types.js";

export type Dimensions = readonly (readonly Axis[])[];

/** The axes in the order of memory. */
export function orderOf(dimensions: Dimensions): readonly Axis[] {
  return dimensions.flat();
}

export function shapeOf(dimensions: Dimensions): readonly number[] {
  return dimensions.map(elements);
}

/** One dimension for each axis, in order; axes of extent 1 become empty dimensions. */
export function separate(axes: readonly Axis[]): Dimensions {
  return axes.map((axis) => (axis.extent === 1 ? [] : [axis]));
}

/** The axes that have more than one element. */
export function proper(axes: readonly Axis[]): readonly Axis[] {
  return axes.filter((axis) => axis.extent > 1);
}

export function names(axes: readonly Axis[]): readonly string[] {
  return axes.map((axis) => axis.name);
}

export function includes(axes: readonly Axis[], name: string): boolean {
  return axes.some((axis) => axis.name === name);
}

export function sameOrder(left: readonly Axis[], right: readonly Axis[]): boolean {
  return left.length === right.length && left.every((axis, i) => axis.name === right[i]!.name);
}

/** Whether the axes of `part` stand in `whole` in that order, whatever stands between them. */
export function isSubsequence(part: readonly Axis[], whole: readonly Axis[]): boolean {
  let at = 0;
  for (const axis of whole) if (axis.name === part[at]?.name) at++;
  return at === part.length;
}

/** How a tensor of `from` becomes one in the order of `to`: reshape, transpose, and what the dimensions are then. */
export interface Permutation {
  readonly before: Dimensions;
  readonly permutation: readonly number[];
  readonly after: Dimensions;
}

/** The permutation that brings `from` into the order `to`. Axes that stay together are merged: kernels slow down with rank. */
export function permutationTo(from: Dimensions, to: readonly Axis[]): Permutation {
  const before = blocks(orderOf(from), to);
  const position = (dimension: readonly Axis[]) => to.findIndex((axis) => axis.name === dimension[0]!.name);
  const permutation = before.map((_, i) => i).sort((a, b) => position(before[a]!) - position(before[b]!));
  return { before, permutation, after: permutation.map((i) => before[i]!) };
}

/** Parts `from` into the longest blocks that also stand in `to` without interruption. */
function blocks(from: readonly Axis[], to: readonly Axis[]): Dimensions {
  const next = new Map(to.map((axis, i) => [axis.name, to[i + 1]?.name]));
  const result: Axis[][] = [];
  for (const [i, axis] of from.entries()) {
    const previous = from[i - 1];
    if (previous !== undefined && next.get(previous.name) === axis.name) result.at(-1)!.push(axis);
    else result.push([axis]);
  }
  return result;
}

/**
 * Dimensions over `order` in which operands with the given axes can be aligned: in each dimension an operand has every
 * axis or none. Starts from `preferred` where it is of that order; merges only what more than four dimensions need.
 */
export function alignment(order: readonly Axis[], operands: readonly (readonly Axis[])[], preferred: Dimensions | undefined): Dimensions {
  const together = (left: Axis, right: Axis) =>
    operands.every((axes) => includes(axes, left.name) === includes(axes, right.name));
  const parted: Axis[][] = [];
  for (const dimension of preferred ?? order.map((axis) => [axis])) {
    if (dimension.length === 0) parted.push([]);
    dimension.forEach((axis, i) => {
      if (i > 0 && together(dimension[i - 1]!, axis)) parted.at(-1)!.push(axis);
      else parted.push([axis]);
    });
  }
  if (preferred !== undefined && parted.length <= 4) return parted;
  const merged: Axis[][] = [];
  for (const dimension of parted.filter((candidate) => candidate.length > 0)) {
    const last = merged.at(-1);
    if (last !== undefined && together(last.at(-1)!, dimension[0]!)) last.push(...dimension);
    else merged.push([...dimension]);
  }
  return merged;
}

/** `dimensions` parted and merged so that the axes of each of `groups`, which lie side by side, make one dimension. */
export function grouped(dimensions: Dimensions, groups: Dimensions): Dimensions {
  const result: Axis[][] = [];
  const groupOf = (axis: Axis) => groups.find((group) => includes(group, axis.name));
  for (const dimension of dimensions) {
    dimension.forEach((axis, i) => {
      const group = groupOf(axis);
      const last = result.at(-1);
      const joins =
        group === undefined
          ? i > 0 && groupOf(dimension[i - 1]!) === undefined
          : last !== undefined && last.length > 0 && groupOf(last.at(-1)!) === group;
      if (joins) last!.push(axis);
      else result.push([axis]);
    });
  }
  return result;
}
