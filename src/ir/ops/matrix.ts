/** Operations on matrices as a whole. Only the interpreter computes them: measures use them, and no target does. */

import type { Definition } from "../definition.js";
import { IrError, elements, extentOf, withoutAxes } from "../types.js";
import { strides } from "./strides.js";
import { singularValues } from "./singular-values.js";

export const matrices: { [K in "singular_values"]: Definition<K> } = {
  /** The singular values of the matrix of two axes, the largest first, along the axis `value`; other axes stay. */
  singular_values: {
    operands: 1,
    type: ([x], { rows, columns }) => {
      if (x!.dtype !== "f32") throw new IrError(`takes f32, not ${x!.dtype}`);
      if (rows === columns) throw new IrError("takes two axes, not one twice");
      const extent = Math.min(extentOf(x!, rows), extentOf(x!, columns));
      return { dtype: "f32", axes: [...withoutAxes(x!, [rows, columns]), { name: "value", extent }] };
    },
    evaluate: (op, [x]) => {
      const { rows, columns } = op.attributes;
      const own = strides(x!.type.axes);
      const [long, short] = extentOf(x!.type, rows) >= extentOf(x!.type, columns) ? [rows, columns] : [columns, rows];
      const [m, n] = [extentOf(x!.type, long), extentOf(x!.type, short)];
      const result = new Float64Array(elements(op.type.axes));
      const others = withoutAxes(x!.type, [rows, columns]);
      const starts = offsets(others.map(({ name, extent }) => ({ extent, stride: own.get(name)! })));
      starts.forEach((start, i) => {
        // Column after column, as the algorithm turns columns.
        const matrix = new Float64Array(m * n);
        for (let column = 0; column < n; column++) {
          for (let row = 0; row < m; row++) matrix[column * m + row] = x!.data[start + row * own.get(long)! + column * own.get(short)!]!;
        }
        result.set(singularValues(matrix, m, n), i * n);
      });
      return result;
    },
    derivative: "none",
    flops: (op) => {
      const [m, n] = [op.attributes.rows, op.attributes.columns].map((name) => extentOf(op.operands[0]!.type, name));
      return 4 * elements(op.operands[0]!.type.axes) * Math.min(m!, n!);
    },
  },
};

/** The places of all elements over axes with these strides, row-major. */
function offsets(axes: readonly { readonly extent: number; readonly stride: number }[]): number[] {
  return axes.reduce((places, { extent, stride }) => places.flatMap((place) => Array.from({ length: extent }, (_, i) => place + i * stride)), [0]);
}
