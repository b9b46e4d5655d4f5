/** Index arithmetic that the reference semantics share. */

import type { Axis, TensorType } from "../types.js";
import { elements } from "../types.js";

/** The row-major stride of every axis, by name. */
export function strides(axes: readonly Axis[]): Map<string, number> {
  const result = new Map<string, number>();
  let stride = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    result.set(axes[i]!.name, stride);
    stride *= axes[i]!.extent;
  }
  return result;
}

/**
 * For each element of `over`, row-major, the index of the element of `of` with the same coordinates.
 * Axes that `of` lacks do not move it; axes of `of` that `over` lacks stay at 0.
 */
export function indices(over: readonly Axis[], of: TensorType): Int32Array {
  const own = strides(of.axes);
  const steps = over.map((axis) => own.get(axis.name) ?? 0);
  const result = new Int32Array(elements(over));
  const counter = over.map(() => 0);
  let index = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = index;
    for (let axis = over.length - 1; axis >= 0; axis--) {
      index += steps[axis]!;
      if (++counter[axis]! < over[axis]!.extent) break;
      index -= steps[axis]! * over[axis]!.extent;
      counter[axis] = 0;
    }
  }
  return result;
}
