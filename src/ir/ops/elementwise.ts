/** Elementwise operations. Operands are aligned by the names of their axes; an axis that one lacks is repeated. */

import type { Build } from "../builder.js";
import type { Definition, Tensor } from "../definition.js";
import type { Op, OpKind } from "../program.js";
import { type DType, IrError, type TensorType, elements, unionAxes } from "../types.js";
import { erf } from "./erf.js";
import { indices } from "./strides.js";

type Derivative<K extends OpKind> = Definition<K>["derivative"];

function mapped(type: TensorType, operands: readonly Tensor[], f: (...values: number[]) => number): Float64Array {
  const result = new Float64Array(elements(type.axes));
  const at = operands.map((operand) => indices(type.axes, operand.type));
  const [x, y, z] = operands.map((operand) => operand.data);
  for (let i = 0; i < result.length; i++) {
    result[i] = f(x![at[0]![i]!]!, y?.[at[1]![i]!] ?? 0, z?.[at[2]![i]!] ?? 0);
  }
  return result;
}

/** Float32 addition of whole numbers is exact below 2^24; integer results wrap at 32 bits as on every target. */
function wrap(dtype: DType, value: number): number {
  return dtype === "i32" ? value | 0 : value;
}

function unary<K extends OpKind>(f: (x: number) => number, derivative: Derivative<K>, dtypes: readonly DType[] = ["f32"]): Definition<K> {
  return {
    operands: 1,
    type: ([x]) => {
      if (!dtypes.includes(x!.dtype)) throw new IrError(`takes ${dtypes.join(" or ")}, not ${x!.dtype}`);
      return x!;
    },
    evaluate: (op, operands) => mapped(op.type, operands, (x) => wrap(op.type.dtype, f(x))),
    derivative,
    flops: (op) => elements(op.type.axes),
  };
}

/** The cotangent of an operand: `cotangent` times `slope`, summed over the axes that the operand lacks. */
const through = (build: Build, cotangent: Op, slope: Op, operand: Op): Op =>
  build.fit(build.mul(cotangent, slope), operand.type);

function arithmetic<K extends OpKind>(f: (x: number, y: number) => number, derivative: Derivative<K>, dtypes: readonly DType[] = ["f32", "i32"]): Definition<K> {
  return {
    operands: 2,
    type: ([x, y]) => {
      if (x!.dtype !== y!.dtype || !dtypes.includes(x!.dtype)) {
        throw new IrError(`takes two tensors of ${dtypes.join(" or ")}, not ${x!.dtype} and ${y!.dtype}`);
      }
      return { dtype: x!.dtype, axes: unionAxes([x!, y!]) };
    },
    evaluate: (op, operands) => mapped(op.type, operands, (x, y) => wrap(op.type.dtype, f(x, y))),
    derivative,
    flops: (op) => elements(op.type.axes),
  };
}

function comparison<K extends OpKind>(f: (x: number, y: number) => boolean, dtypes: readonly DType[]): Definition<K> {
  const rule = arithmetic<K>((x, y) => Number(f(x, y)), "none", dtypes);
  return {
    ...rule,
    type: (operands, attributes, slots) => ({ dtype: "bool", axes: rule.type(operands, attributes, slots).axes }),
  };
}

export const elementwise: {
  [K in
    | "neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs" | "sign" | "floor" | "not"
    | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "less" | "less_equal" | "equal" | "and" | "or"
    | "select" | "cast"]: Definition<K>;
} = {
  neg: unary((x) => -x, (_, dy, b) => [b.neg(dy)], ["f32", "i32"]),
  exp: unary(Math.exp, (op, dy, b) => [b.mul(dy, op)]),
  log: unary(Math.log, (op, dy, b) => [b.div(dy, op.operands[0]!)]),
  sqrt: unary(Math.sqrt, (op, dy, b) => [b.div(b.scale(dy, 0.5), op)]),
  rsqrt: unary(
    (x) => 1 / Math.sqrt(x),
    // d x^(-1/2) = -1/2 y^3, which needs no division
    (op, dy, b) => [b.mul(b.scale(dy, -0.5), b.mul(op, b.mul(op, op)))],
  ),
  tanh: unary(Math.tanh, (op, dy, b) => [b.mul(dy, b.sub(b.constant(1), b.mul(op, op)))]),
  erf: unary(erf, (op, dy, b) => {
    const x = op.operands[0]!;
    return [b.mul(dy, b.scale(b.unary("exp", b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)))];
  }),
  sin: unary(Math.sin, (op, dy, b) => [b.mul(dy, b.unary("cos", op.operands[0]!))]),
  cos: unary(Math.cos, (op, dy, b) => [b.neg(b.mul(dy, b.unary("sin", op.operands[0]!)))]),
  abs: unary(Math.abs, (op, dy, b) => [b.mul(dy, b.unary("sign", op.operands[0]!))], ["f32", "i32"]),
  sign: unary(Math.sign, "none", ["f32", "i32"]),
  floor: unary(Math.floor, "none"),
  not: unary((x) => 1 - x, "none", ["bool"]),

  add: arithmetic((x, y) => x + y, (op, dy, b) => op.operands.map((operand) => b.fit(dy, operand.type))),
  sub: arithmetic((x, y) => x - y, ({ operands: [x, y] }, dy, b) => [b.fit(dy, x!.type), b.neg(b.fit(dy, y!.type))]),
  mul: {
    ...arithmetic((x, y) => x * y, ({ operands: [x, y] }, dy, b) => [through(b, dy, y!, x!), through(b, dy, x!, y!)]),
    // A float64 product of two 32-bit integers loses the low bits that wrapping keeps.
    evaluate: (op, operands) => mapped(op.type, operands, op.type.dtype === "i32" ? Math.imul : (x, y) => x * y),
  },
  div: arithmetic(
    (x, y) => x / y,
    (op, dy, b) => {
      const [x, y] = op.operands;
      return [b.fit(b.div(dy, y!), x!.type), b.neg(b.fit(b.mul(dy, b.div(op, y!)), y!.type))];
    },
    ["f32"],
  ),
  pow: arithmetic(
    (x, y) => x ** y,
    (op, dy, b) => {
      const [x, y] = op.operands;
      // x^0 is 1 everywhere; the formula below would say 0 * (1/0) at 0.
      if (y!.kind === "constant" && y!.attributes.value === 0) return [undefined, undefined];
      const slope = b.mul(y!, b.binary("pow", x!, b.sub(y!, b.constant(1))));
      // A constant exponent, the common case, needs no logarithm of a base that may be negative.
      if (y!.kind === "constant") return [through(b, dy, slope, x!), undefined];
      return [through(b, dy, slope, x!), through(b, dy, b.mul(op, b.unary("log", x!)), y!)];
    },
    ["f32"],
  ),
  // At a tie the cotangent goes to the second operand, so that the derivative of max(x, 0) is 0 at 0.
  max: arithmetic(Math.max, (op, dy, b) => choose(b, dy, op.operands, b.binary("less", op.operands[1]!, op.operands[0]!))),
  min: arithmetic(Math.min, (op, dy, b) => choose(b, dy, op.operands, b.binary("less", op.operands[0]!, op.operands[1]!))),
  less: comparison((x, y) => x < y, ["f32", "i32"]),
  less_equal: comparison((x, y) => x <= y, ["f32", "i32"]),
  equal: comparison((x, y) => x === y, ["f32", "i32"]),
  and: arithmetic((x, y) => Math.min(x, y), "none", ["bool"]),
  or: arithmetic((x, y) => Math.max(x, y), "none", ["bool"]),

  select: {
    operands: 3,
    type: ([condition, x, y]) => {
      if (condition!.dtype !== "bool") throw new IrError(`takes a condition of bool, not ${condition!.dtype}`);
      if (x!.dtype !== y!.dtype) throw new IrError(`chooses between ${x!.dtype} and ${y!.dtype}`);
      return { dtype: x!.dtype, axes: unionAxes([condition!, x!, y!]) };
    },
    evaluate: (op, operands) => mapped(op.type, operands, (condition, x, y) => (condition === 1 ? x : y)),
    derivative: ({ operands: [condition, x, y] }, dy, b) => [undefined, ...choose(b, dy, [x!, y!], condition!)],
    flops: (op) => elements(op.type.axes),
  },
  cast: {
    operands: 1,
    type: ([x], { dtype }) => ({ dtype, axes: x!.axes }),
    evaluate: (op, operands) => {
      const { dtype } = op.attributes;
      return mapped(op.type, operands, (x) => (dtype === "i32" ? Math.trunc(x) : dtype === "bool" ? Number(x !== 0) : x));
    },
    derivative: ({ operands: [x], type }, dy) => [x!.type.dtype === "f32" && type.dtype === "f32" ? dy : undefined],
    flops: () => 0,
  },
};

function choose(b: Build, dy: Op, [x, y]: readonly Op[], condition: Op): Op[] {
  const zero = b.constant(0);
  return [b.fit(b.select(condition, dy, zero), x!.type), b.fit(b.select(condition, zero, dy), y!.type)];
}
