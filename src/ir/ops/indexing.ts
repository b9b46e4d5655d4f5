/** Operations that move elements by computed indices. */

import type { Definition, Tensor } from "../definition.js";
import { type Axis, IrError, type TensorType, elements, extentOf, hasAxis, unionAxes } from "../types.js";
import { indices, strides } from "./strides.js";

/** The axes other than `axis` that a table and its indices share. */
function aligned(table: TensorType, axis: string, index: TensorType): readonly string[] {
  return table.axes.filter((own) => own.name !== axis && hasAxis(index, own.name)).map((own) => own.name);
}

function without(type: TensorType, name: string): TensorType {
  return { dtype: type.dtype, axes: type.axes.filter((axis) => axis.name !== name) };
}

/** For each element over `axes`: where it lies in `table`, with the coordinate along `axis` read from `index`. */
function addresses(axes: readonly Axis[], table: TensorType, axis: string, index: Tensor): Float64Array {
  const extent = extentOf(table, axis);
  const stride = strides(table.axes).get(axis)!;
  // An axis of the indices may share the name; it must not move along the table's own, so that one is hidden.
  const hidden = table.axes.map((own) => (own.name === axis ? { name: "", extent } : own));
  const base = indices(axes, { dtype: table.dtype, axes: hidden });
  const at = indices(axes, index.type);
  return Float64Array.from(base, (start, i) => {
    const position = index.data[at[i]!]!;
    if (position < 0 || position >= extent) throw new IrError(`index ${position} is outside \`${axis}\` of ${extent}`);
    return start + position * stride;
  });
}

export const indexing: { [K in "take" | "scatter_add" | "argsort"]: Definition<K> } = {
  /**
   * `take(table, indices)` along an axis of the table: that axis goes, and the axes of the indices come. Axes that
   * both have, other than that axis, are aligned: each example can take its own.
   */
  take: {
    operands: 2,
    type: ([table, index], { axis }) => {
      if (index!.dtype !== "i32") throw new IrError(`takes indices of i32, not ${index!.dtype}`);
      extentOf(table!, axis);
      const rest = without(table!, axis);
      const own = rest.axes.filter((a) => !hasAxis(index!, a.name));
      unionAxes([rest, index!]);
      return { dtype: table!.dtype, axes: [...index!.axes, ...own] };
    },
    evaluate: (op, [table, index]) =>
      Float64Array.from(addresses(op.type.axes, table!.type, op.attributes.axis, index!), (at) => table!.data[at]!),
    derivative: ({ operands: [table, index], attributes: { axis } }, dy, b) => [
      b.scatterAdd(dy, index!, { name: axis, extent: extentOf(table!.type, axis) }, aligned(table!.type, axis, index!.type)),
      undefined,
    ],
    flops: () => 0,
  },

  /**
   * The transpose of `take`: adds each element of the values into a zero tensor, at the index along `axis`. The values
   * have every axis of the indices; of these the `aligned` ones stay, and the others are summed away.
   */
  scatter_add: {
    operands: 2,
    type: ([values, index], { axis, aligned: kept }) => {
      if (index!.dtype !== "i32" || values!.dtype !== "f32") throw new IrError(`adds f32 at indices of i32, not ${values!.dtype} at ${index!.dtype}`);
      index!.axes.forEach((own) => extentOf(values!, own.name));
      const batch = kept.map((name) => ({ name, extent: extentOf(index!, name) }));
      return { dtype: "f32", axes: [...batch, axis, ...values!.axes.filter((own) => !hasAxis(index!, own.name))] };
    },
    evaluate: (op, [values, index]) => {
      const result = new Float64Array(elements(op.type.axes));
      const at = addresses(values!.type.axes, op.type, op.attributes.axis.name, index!);
      at.forEach((address, i) => (result[address]! += values!.data[i]!));
      return result;
    },
    derivative: ({ operands: [, index], attributes: { axis } }, dy, b) => [b.take(dy, index!, axis.name), undefined],
    flops: (op) => elements(op.operands[0]!.type.axes),
  },

  /** The order that sorts `x` upwards along `axis`; equal elements keep their order. */
  argsort: {
    operands: 1,
    type: ([x], { axis }) => {
      extentOf(x!, axis);
      return { dtype: "i32", axes: x!.axes };
    },
    evaluate: (op, [x]) => {
      const { axis } = op.attributes;
      const result = new Float64Array(x!.data.length);
      const stride = strides(x!.type.axes).get(axis)!;
      const extent = extentOf(x!.type, axis);
      for (const start of indices(without(x!.type, axis).axes, x!.type)) {
        const order = Array.from({ length: extent }, (_, i) => i);
        order.sort((a, b) => x!.data[start + a * stride]! - x!.data[start + b * stride]! || a - b);
        order.forEach((from, to) => (result[start + to * stride] = from));
      }
      return result;
    },
    derivative: "none",
    flops: (op) => elements(op.type.axes),
  },
};
