/** Sums and maxima as TensorFlow.js calls. */

import type { Op, OpOf } from "../../ir/program.js";
import { type Axis, elements } from "../../ir/types.js";
import { type Dimensions, grouped, includes, orderOf, shapeOf } from "./layout.js";
import { type Lowering, type Physical, type Placed, isLiteral } from "./lowering.js";
import type { Rule } from "./rule.js";

/**
 * More numbers than that are not added in one go: the backends add one after the other in float32, which loses digits.
 */
const longest = 8192;

/** A sum or a maximum over the named axes that `placed` carries; of a sum, an axis that it lacks is a factor. */
export function reduced(l: Lowering, op: Op, x: Physical, kind: "sum" | "max", axes: readonly Axis[]): Physical {
  const own = isLiteral(x) ? [] : orderOf(x.dimensions);
  const repetitions = elements(axes.filter((axis) => !includes(own, axis.name)));
  if (isLiteral(x)) return { literal: kind === "sum" ? x.literal * repetitions : x.literal, dtype: x.dtype };
  const over = own.filter((axis) => includes(axes, axis.name));
  const result = over.length === 0 ? x : reducedInMemory(l, op, x, kind, over);
  if (kind === "max" || repetitions === 1) return result;
  const factor = op.type.dtype === "f32" ? repetitions : l.scalar(repetitions, "i32");
  return { value: l.tf("mul", [result.value, factor], result.value.shape, op.type.dtype), dimensions: result.dimensions };
}

function reducedInMemory(l: Lowering, op: Op, x: Placed, kind: "sum" | "max", over: readonly Axis[]): Placed {
  const order = orderOf(x.dimensions);
  const isOver = order.map((axis) => includes(over, axis.name));
  const end = isOver.lastIndexOf(true);
  // The last run of axes to reduce, and no more of it at once than keeps the sum exact enough.
  let start = end;
  while (start > 0 && isOver[start - 1]! && (kind === "max" || elements(order.slice(start - 1, end + 1)) <= longest)) start--;
  const run = order.slice(start, end + 1);
  const rest = over.filter((axis) => !includes(run, axis.name));
  const outer = order.slice(0, start);
  const inner = order.slice(end + 1);
  if (outer.length === 0 && inner.length > 0 && kind === "sum" && l.willTranspose(op.operands[0]!, run)) {
    return reducedInMemory(l, op, l.arrange(x, [...inner, ...run]), kind, over);
  }
  const once = inner.length === 0 ? overLast(l, op, x, kind, run) : overMiddle(l, op, x, kind, run);
  return rest.length === 0 ? once : reducedInMemory(l, op, once, kind, rest);
}

/** Over the last axes, which all backends do fastest. */
function overLast(l: Lowering, op: Op, x: Placed, kind: "sum" | "max", run: readonly Axis[]): Placed {
  const view = l.reshape(x, grouped(x.dimensions, [run]));
  const kept = view.dimensions.slice(0, -1);
  const parts = kind === "sum" ? partsOf(elements(run)) : undefined;
  if (parts !== undefined) {
    const apart = l.shaped(view.value, [...shapeOf(kept), ...parts]);
    const sums = l.tf("sum", [apart, -1], [...shapeOf(kept), parts[0]], op.type.dtype);
    return { value: l.tf("sum", [sums, -1], shapeOf(kept), op.type.dtype), dimensions: kept };
  }
  // A value that is going to be aligned with what it was taken from keeps its dimension.
  if (kept.length > 0 && l.isAlignedWithMore(op)) {
    const dimensions: Dimensions = [...kept, []];
    return { value: l.tf(kind, [view.value, -1, true], shapeOf(dimensions), op.type.dtype), dimensions };
  }
  const args = kept.length === 0 ? [view.value] : [view.value, -1];
  return { value: l.tf(kind, args, shapeOf(kept), op.type.dtype), dimensions: kept };
}

function overMiddle(l: Lowering, op: Op, x: Placed, kind: "sum" | "max", run: readonly Axis[]): Placed {
  const view = l.reshape(x, grouped(x.dimensions, [run]));
  const at = view.dimensions.findIndex((dimension) => dimension[0]!.name === run[0]!.name);
  const parts = kind === "sum" ? partsOf(elements(run)) : undefined;
  const kept = view.dimensions.filter((_, i) => i !== at);
  if (parts === undefined) return { value: l.tf(kind, [view.value, at], shapeOf(kept), op.type.dtype), dimensions: kept };
  const shape = shapeOf(view.dimensions);
  const apart = l.shaped(view.value, [...shape.slice(0, at), ...parts, ...shape.slice(at + 1)]);
  const sums = l.tf("sum", [apart, at + 1], [...shape.slice(0, at), parts[0], ...shape.slice(at + 1)], op.type.dtype);
  return { value: l.tf("sum", [sums, at], shapeOf(kept), op.type.dtype), dimensions: kept };
}

/** Two factors of a long sum, near its square root; undefined for one that is short, or a prime number. */
function partsOf(extent: number): readonly [number, number] | undefined {
  if (extent <= longest) return undefined;
  for (let part = Math.floor(Math.sqrt(extent)); part > 1; part--) {
    if (extent % part === 0) return [part, extent / part];
  }
  return undefined;
}

function reduce(kind: "sum" | "max"): (l: Lowering, op: OpOf<"reduce_sum"> | OpOf<"reduce_max">) => Physical {
  return (l, op) => {
    const x = op.operands[0]!;
    const axes = x.type.axes.filter((axis) => op.attributes.axes.includes(axis.name));
    return reduced(l, op, l.operand(x), kind, axes);
  };
}

export const reductions: { [K in "reduce_sum" | "reduce_max"]: Rule<K> } = {
  reduce_sum: reduce("sum"),
  reduce_max: reduce("max"),
};
