/** Operations that rearrange a tensor without computing. */

import type { Definition } from "../definition.js";
import { type Axis, IrError, type TensorType, elements, extentOf, hasAxis } from "../types.js";
import { indices, strides } from "./strides.js";

/** `type` with the axis `name` replaced by `axes`, in its place. */
function replaced(type: TensorType, name: string, axes: readonly Axis[]): readonly Axis[] {
  extentOf(type, name);
  const result = type.axes.flatMap((axis) => (axis.name === name ? axes : [axis]));
  if (new Set(result.map((axis) => axis.name)).size < result.length) throw new IrError("an axis would stand there twice");
  return result;
}

/** How many elements lie between neighbours along `name`, and the extent of that axis. */
function along(type: TensorType, name: string): { stride: number; extent: number } {
  return { stride: strides(type.axes).get(name)!, extent: extentOf(type, name) };
}

function checkPositive(extent: number, what: string): void {
  if (!Number.isInteger(extent) || extent < 1) throw new IrError(`${what} ${extent} is not a positive whole number`);
}

export const structure: {
  [K in "broadcast" | "rename" | "split" | "merge" | "slice" | "pad" | "concatenate"]: Definition<K>;
} = {
  broadcast: {
    operands: 1,
    type: ([x], { axes }) => {
      for (const axis of axes) {
        checkPositive(axis.extent, `extent of \`${axis.name}\``);
        if (hasAxis(x!, axis.name)) throw new IrError(`axis \`${axis.name}\` is there already`);
      }
      return { dtype: x!.dtype, axes: [...axes, ...x!.axes] };
    },
    evaluate: (op, [x]) => Float64Array.from(indices(op.type.axes, x!.type), (i) => x!.data[i]!),
    derivative: (op, dy, b) => [b.fit(dy, op.operands[0]!.type)],
    flops: () => 0,
  },

  rename: {
    operands: 1,
    type: ([x], { from, to }) => {
      if (from.length !== to.length || new Set(from).size < from.length) throw new IrError("does not give each name another");
      from.forEach((name) => extentOf(x!, name));
      const axes = x!.axes.map((axis) => {
        const at = from.indexOf(axis.name);
        return at < 0 ? axis : { name: to[at]!, extent: axis.extent };
      });
      if (new Set(axes.map((axis) => axis.name)).size < axes.length) throw new IrError("an axis would stand there twice");
      return { dtype: x!.dtype, axes };
    },
    evaluate: (_, [x]) => x!.data,
    derivative: ({ attributes: { from, to } }, dy, b) => [b.rename(dy, to, from)],
    flops: () => 0,
  },

  /** Parts one axis into several; the first of them varies slowest. */
  split: {
    operands: 1,
    type: ([x], { axis, into }) => {
      if (into.length === 0) throw new IrError("names no axis to split into");
      into.forEach((part) => checkPositive(part.extent, `extent of \`${part.name}\``));
      if (elements(into) !== extentOf(x!, axis)) {
        throw new IrError(`${into.map((part) => part.extent).join(" x ")} is not ${extentOf(x!, axis)}, the extent of \`${axis}\``);
      }
      return { dtype: x!.dtype, axes: replaced(x!, axis, into) };
    },
    evaluate: (_, [x]) => x!.data,
    derivative: ({ attributes: { axis, into } }, dy, b) => [b.merge(dy, into.map((part) => part.name), axis)],
    flops: () => 0,
  },

  /** Joins several axes into one, the first named varying slowest; it stands where the first of them stood. */
  merge: {
    operands: 1,
    type: ([x], { axes, into }) => {
      if (axes.length === 0) throw new IrError("names no axis to merge");
      if (new Set(axes).size < axes.length) throw new IrError("names an axis twice");
      const extent = axes.reduce((product, name) => product * extentOf(x!, name), 1);
      const rest: TensorType = { dtype: x!.dtype, axes: x!.axes.filter((axis) => axis.name === axes[0] || !axes.includes(axis.name)) };
      return { dtype: x!.dtype, axes: replaced(rest, axes[0]!, [{ name: into, extent }]) };
    },
    evaluate: (op, [x]) => {
      const { axes, into } = op.attributes;
      const parts = axes.map((name) => ({ name, extent: extentOf(x!.type, name) }));
      const apart = op.type.axes.flatMap((axis) => (axis.name === into ? parts : [axis]));
      return Float64Array.from(indices(apart, x!.type), (i) => x!.data[i]!);
    },
    derivative: ({ operands: [x], attributes: { axes, into } }, dy, b) => [
      b.split(dy, into, axes.map((name) => ({ name, extent: extentOf(x!.type, name) }))),
    ],
    flops: () => 0,
  },

  slice: {
    operands: 1,
    type: ([x], { axis, start, extent }) => {
      checkPositive(extent, "extent");
      if (!Number.isInteger(start) || start < 0 || start + extent > extentOf(x!, axis)) {
        throw new IrError(`${start} to ${start + extent} is outside \`${axis}\` of ${extentOf(x!, axis)}`);
      }
      return { dtype: x!.dtype, axes: replaced(x!, axis, [{ name: axis, extent }]) };
    },
    evaluate: (op, [x]) => {
      const offset = op.attributes.start * along(x!.type, op.attributes.axis).stride;
      return Float64Array.from(indices(op.type.axes, x!.type), (i) => x!.data[i + offset]!);
    },
    derivative: ({ operands: [x], attributes: { axis, start, extent } }, dy, b) => [
      b.pad(dy, axis, start, extentOf(x!.type, axis) - start - extent),
    ],
    flops: () => 0,
  },

  /** Adds zeros before and after along one axis. */
  pad: {
    operands: 1,
    type: ([x], { axis, before, after }) => {
      if (![before, after].every((extent) => Number.isInteger(extent) && extent >= 0)) {
        throw new IrError(`${before} and ${after} are not extents to pad by`);
      }
      return { dtype: x!.dtype, axes: replaced(x!, axis, [{ name: axis, extent: before + extentOf(x!, axis) + after }]) };
    },
    evaluate: (op, [x]) => {
      const { axis, before } = op.attributes;
      const result = new Float64Array(elements(op.type.axes));
      const offset = before * along(op.type, axis).stride;
      indices(x!.type.axes, op.type).forEach((at, i) => (result[at + offset] = x!.data[i]!));
      return result;
    },
    derivative: ({ operands: [x], attributes: { axis, before } }, dy, b) => [
      b.slice(dy, axis, before, extentOf(x!.type, axis)),
    ],
    flops: () => 0,
  },

  concatenate: {
    operands: "many",
    type: (parts, { axis }) => {
      const first = parts[0]!;
      for (const part of parts) {
        const differs = part.axes.length !== first.axes.length || part.dtype !== first.dtype ||
          first.axes.some((other) => other.name !== axis && extentOf(part, other.name) !== other.extent);
        if (differs) throw new IrError("the parts differ in more than the axis along which they are joined");
      }
      const extent = parts.reduce((sum, part) => sum + extentOf(part, axis), 0);
      return { dtype: first.dtype, axes: replaced(first, axis, [{ name: axis, extent }]) };
    },
    evaluate: (op, parts) => {
      const result = new Float64Array(elements(op.type.axes));
      const { stride } = along(op.type, op.attributes.axis);
      let start = 0;
      for (const part of parts) {
        indices(part.type.axes, op.type).forEach((at, i) => (result[at + start * stride] = part.data[i]!));
        start += extentOf(part.type, op.attributes.axis);
      }
      return result;
    },
    derivative: ({ operands, attributes: { axis } }, dy, b) => {
      let start = 0;
      return operands.map((part) => {
        const extent = extentOf(part.type, axis);
        start += extent;
        return b.slice(dy, axis, start - extent, extent);
      });
    },
    flops: () => 0,
  },
};
