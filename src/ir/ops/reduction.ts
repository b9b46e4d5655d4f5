/** Reductions and the contraction: they name the axes that they remove. */

import type { Definition } from "../definition.js";
import { IrError, elements, extentOf, hasAxis, unionAxes, withoutAxes } from "../types.js";
import { indices } from "./strides.js";

function reduction<K extends "reduce_sum" | "reduce_max">(
  start: number,
  combine: (total: number, value: number) => number,
  derivative: Definition<K>["derivative"],
): Definition<K> {
  return {
    operands: 1,
    type: ([x], { axes }) => {
      if (x!.dtype === "bool") throw new IrError("takes f32 or i32, not bool");
      if (axes.length === 0) throw new IrError("names no axis to reduce");
      if (new Set(axes).size < axes.length) throw new IrError("names an axis twice");
      return { dtype: x!.dtype, axes: withoutAxes(x!, axes) };
    },
    evaluate: (op, [x]) => {
      const result = new Float64Array(elements(op.type.axes)).fill(start);
      const at = indices(x!.type.axes, op.type);
      for (let i = 0; i < at.length; i++) result[at[i]!] = combine(result[at[i]!]!, x!.data[i]!);
      return result;
    },
    derivative,
    flops: (op) => elements(op.operands[0]!.type.axes),
  };
}

export const reductions: { [K in "reduce_sum" | "reduce_max" | "contract"]: Definition<K> } = {
  reduce_sum: reduction(0, (total, value) => total + value, (op, dy, b) => [b.broadcast(dy, op.operands[0]!.type.axes)]),
  // Where several elements are the largest, each receives the whole cotangent divided among them.
  reduce_max: reduction(-Infinity, Math.max, (op, dy, b) => {
    const x = op.operands[0]!;
    const hit = b.cast(b.binary("equal", x, op), "f32");
    return [b.mul(hit, b.div(dy, b.sum(hit, op.attributes.axes)))];
  }),

  /**
   * The general dot product: sums `x * y` over the named axes, which both have. Shared axes that are not named stay,
   * as a batch. The result's layout is the shared axes, then those of `x` alone, then those of `y` alone.
   */
  contract: {
    operands: 2,
    type: ([x, y], { axes }) => {
      if (x!.dtype !== "f32" || y!.dtype !== "f32") throw new IrError(`takes two tensors of f32, not ${x!.dtype} and ${y!.dtype}`);
      unionAxes([x!, y!]);
      if (new Set(axes).size < axes.length) throw new IrError("names an axis twice");
      for (const name of axes) [x!, y!].forEach((type) => extentOf(type, name));
      const kept = (type: typeof x, shared: boolean) =>
        type!.axes.filter((axis) => !axes.includes(axis.name) && hasAxis(type === x ? y! : x!, axis.name) === shared);
      return { dtype: "f32", axes: [...kept(x, true), ...kept(x, false), ...kept(y, false)] };
    },
    evaluate: (op, [x, y]) => {
      // Where elements lie is a sum over kinds of axes: those that both have, those of one alone, and those that are summed.
      const [shared, ofX, ofY] = [[true, true], [true, false], [false, true]].map(([inX, inY]) =>
        op.type.axes.filter(({ name }) => hasAxis(x!.type, name) === inX && hasAxis(y!.type, name) === inY),
      );
      const summed = op.attributes.axes.map((name) => ({ name, extent: extentOf(x!.type, name) }));
      const [batchX, batchY] = [indices(shared!, x!.type), indices(shared!, y!.type)];
      const [rows, columns] = [indices(ofX!, x!.type), indices(ofY!, y!.type)];
      const [innerX, innerY] = [indices(summed, x!.type), indices(summed, y!.type)];
      const result = new Float64Array(elements(op.type.axes));
      let at = 0;
      for (let b = 0; b < batchX.length; b++) {
        for (const row of rows) {
          for (const column of columns) {
            const [startX, startY] = [batchX[b]! + row, batchY[b]! + column];
            let total = 0;
            for (let k = 0; k < innerX.length; k++) total += x!.data[startX + innerX[k]!]! * y!.data[startY + innerY[k]!]!;
            result[at++] = total;
          }
        }
      }
      return result;
    },
    derivative: (op, dy, b) => {
      const [x, y] = op.operands;
      const only = (type: typeof op.type, other: typeof op.type) =>
        type.axes.filter((axis) => !hasAxis(other, axis.name)).map((axis) => axis.name);
      return [b.contract(dy, y!, only(y!.type, x!.type)), b.contract(dy, x!, only(x!.type, y!.type))];
    },
    flops: (op) =>
      2 * elements(op.type.axes) * op.attributes.axes.reduce((n, name) => n * extentOf(op.operands[0]!.type, name), 1),
  },
};

