/** Values that come from outside or from nothing. */

import { keyOf, normals, uniforms } from "../../random/threefry.js";
import type { Definition } from "../definition.js";
import { IrError, elements } from "../types.js";

function held(values: ReadonlyMap<string, Float64Array>, name: string): Float64Array {
  const value = values.get(name);
  if (value === undefined) throw new IrError(`no value is given for \`${name}\``);
  return value;
}

export const leaves: {
  [K in "parameter" | "state" | "input" | "constant" | "iota" | "random" | "cotangent"]: Definition<K>;
} = {
  parameter: {
    operands: 0,
    type: (_, { slot }, slots) => slots.slot(slot),
    evaluate: (op, _, { slots }) => held(slots, op.attributes.slot),
    derivative: () => [],
    flops: () => 0,
  },
  state: {
    operands: 0,
    type: (_, { slot }, slots) => slots.slot(slot),
    evaluate: (op, _, { slots }) => held(slots, op.attributes.slot),
    derivative: () => [],
    flops: () => 0,
  },
  input: {
    operands: 0,
    type: (_, { slot }, slots) => slots.input(slot),
    evaluate: (op, _, { inputs }) => held(inputs, op.attributes.slot),
    derivative: () => [],
    flops: () => 0,
  },
  constant: {
    operands: 0,
    type: (_, { dtype }) => ({ dtype, axes: [] }),
    evaluate: (op) => Float64Array.of(op.attributes.value),
    derivative: () => [],
    flops: () => 0,
  },
  /** 0, 1, 2, … along one axis. */
  iota: {
    operands: 0,
    type: (_, { axis }) => ({ dtype: "i32", axes: [axis] }),
    evaluate: (op) => Float64Array.from({ length: op.attributes.axis.extent }, (_, i) => i),
    derivative: () => [],
    flops: () => 0,
  },
  /** Counter-based random numbers: a function of the seed, the name of the stream, the step and the element. */
  random: {
    operands: 0,
    type: (_, { axes }) => ({ dtype: "f32", axes }),
    evaluate: (op, _, { seed, step }) => {
      const { distribution, stream } = op.attributes;
      const out = new Float64Array(elements(op.type.axes));
      const draw = distribution === "uniform" ? uniforms : normals;
      draw(keyOf(seed, stream, step), out.length, out);
      return out;
    },
    derivative: () => [],
    flops: (op) => 20 * elements(op.type.axes),
  },
  /** Inside a stated gradient: stands for the cotangent that `attach_gradient` will receive. */
  cotangent: {
    operands: 0,
    type: (_, { axes }) => ({ dtype: "f32", axes }),
    evaluate: () => {
      throw new IrError("a cotangent has a value only in a program that was differentiated");
    },
    derivative: () => [],
    flops: () => 0,
  },
};
