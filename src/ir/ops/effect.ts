/** Operations that steer differentiation, and the one effect. */

import type { Definition } from "../definition.js";
import { IrError, elements, printType, sameAxes } from "../types.js";
import { indices } from "./strides.js";

export const effects: { [K in "stop_gradient" | "attach_gradient" | "update"]: Definition<K> } = {
  stop_gradient: {
    operands: 1,
    type: ([x]) => x!,
    evaluate: (_, [x]) => x!.data,
    derivative: () => [undefined],
    flops: () => 0,
  },

  /**
   * `attach_gradient(y, x, dx)` is `y`, with a stated gradient: besides the cotangent that flows on into `y`, `x` receives
   * `dx`, which is built on a `cotangent` operation. Differentiation puts the real cotangent in its place.
   */
  attach_gradient: {
    operands: 3,
    type: ([y, x, dx]) => {
      if (!sameAxes(x!.axes, dx!.axes)) throw new IrError(`the gradient ${printType(dx!)} is not of the type ${printType(x!)}`);
      return y!;
    },
    evaluate: (_, [y]) => y!.data,
    derivative: (op, dy) => [dy, op.operands[2], undefined],
    flops: () => 0,
  },

  /** Gives a slot its next value, once the entry is done. */
  update: {
    operands: 1,
    type: ([value], { slot }, slots) => {
      const type = slots.slot(slot);
      if (!sameAxes(type.axes, value!.axes) || type.dtype !== value!.dtype) {
        throw new IrError(`\`${slot}\` is ${printType(type)} and cannot become ${printType(value!)}`);
      }
      return type;
    },
    // The slot's own layout, whatever the layout of the value.
    evaluate: (op, [value]) => {
      const at = indices(op.type.axes, value!.type);
      const result = new Float64Array(elements(op.type.axes));
      return result.map((_, i) => value!.data[at[i]!]!);
    },
    derivative: "none",
    flops: () => 0,
  },
};
