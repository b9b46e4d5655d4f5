/** Elementwise operations as TensorFlow.js calls. */

import type { Op } from "../../ir/program.js";
import { elements } from "../../ir/types.js";
import type { Argument } from "./call.js";
import { type Dimensions, orderOf, shapeOf } from "./layout.js";
import { type Literal, type Lowering, type Physical, type Placed, carried, isLiteral, tfTypes } from "./lowering.js";
import { isNonPositive } from "./sign.js";
import type { Rule } from "./rule.js";

type UnaryKind = "neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs" | "floor" | "not";
type BinaryKind =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "less" | "less_equal" | "equal" | "and" | "or";

const unaryNames: Readonly<Partial<Record<UnaryKind, string>>> = { not: "logicalNot" };
const binaryNames: Readonly<Partial<Record<BinaryKind, string>>> = {
  max: "maximum",
  min: "minimum",
  less_equal: "lessEqual",
  and: "logicalAnd",
  or: "logicalOr",
};
/** The wasm backend broadcasts these at full speed, and all others at a hundredth of it. */
const broadcasts: ReadonlySet<string> = new Set(["add", "sub", "mul", "div"]);

/** A tensor function of one operand, with the operand's layout. */
function apply(l: Lowering, name: string, op: Op, { value, dimensions }: Placed): Placed {
  return { value: l.tf(name, [value], value.shape, op.type.dtype), dimensions };
}

/** The same for a helper of the runtime, which makes so many more tensors of that size while it runs. */
function help(l: Lowering, name: string, op: Op, { value, dimensions }: Placed, temporaries: number): Placed {
  const workspace = temporaries * 4 * elements(orderOf(dimensions));
  return { value: l.helper(name, [value], value.shape, op.type.dtype, workspace), dimensions };
}

function unary(kind: UnaryKind): (l: Lowering, op: Op) => Physical {
  return (l, op) => {
    const x = l.operand(op.operands[0]!);
    if (isLiteral(x)) return l.folded(op, [x]);
    return apply(l, unaryNames[kind] ?? kind, op, x);
  };
}

function binary(kind: BinaryKind): (l: Lowering, op: Op) => Physical {
  return (l, op) => {
    const [x, y] = op.operands.map((operand) => l.operand(operand)) as [Physical, Physical];
    if (isLiteral(x) && isLiteral(y)) return l.folded(op, [x, y]);
    const special = specialised(l, op, x, y);
    if (special !== undefined) return special;
    // wasm's maximum and minimum pass a NaN of the left operand on, and lose one of the right.
    const swapped = (kind === "max" || kind === "min") && isLiteral(x);
    const placed = [x, y].filter((physical): physical is Placed => !isLiteral(physical));
    const dimensions = placed.length === 1 ? placed[0]!.dimensions : l.align(op.type, placed);
    const args = (swapped ? [y, x] : [x, y]).map((physical) => argument(l, kind, physical, dimensions));
    return { value: l.tf(binaryNames[kind] ?? kind, args, shapeOf(dimensions), op.type.dtype), dimensions };
  };
}

/** Calls that are clearer or faster than the general one. */
function specialised(l: Lowering, op: Op, x: Physical, y: Physical): Placed | undefined {
  if (op.kind === "mul" && x === y && !isLiteral(x) && op.type.dtype === "f32") return apply(l, "square", op, x);
  if (op.kind === "max" && op.type.dtype === "f32") {
    const [kept, zero] = isLiteral(x) ? [y, x] : [x, y];
    if (isLiteral(zero) && zero.literal === 0 && !isLiteral(kept)) return apply(l, "relu", op, kept);
  }
  if (op.kind === "pow" && isLiteral(y) && !isLiteral(x)) {
    const names = new Map([[2, "square"], [0.5, "sqrt"], [-0.5, "rsqrt"], [-1, "reciprocal"]]);
    const name = names.get(y.literal);
    if (name !== undefined) return apply(l, name, op, x);
  }
  return undefined;
}

function argument(l: Lowering, kind: BinaryKind, physical: Physical, dimensions: Dimensions): Argument {
  if (isLiteral(physical)) return number(l, physical);
  if (broadcasts.has(kind) || carried(physical).length === 0) return l.fitted(physical, dimensions);
  return l.repeated(l.fitted(physical, dimensions), shapeOf(dimensions));
}

/** A number in the text; TensorFlow.js takes every bare number for a float. */
function number(l: Lowering, { literal, dtype }: Literal): Argument {
  return dtype === "f32" ? literal : l.scalar(literal, dtype);
}

export const elementwise: {
  [K in UnaryKind | BinaryKind | "sign" | "select" | "cast"]: Rule<K>;
} = {
  neg: unary("neg"),
  exp: (l, op) => {
    const x = l.operand(op.operands[0]!);
    if (isLiteral(x)) return l.folded(op, [x]);
    // Of exponents that cannot overflow, as in a softmax or a Gaussian.
    if (isNonPositive(op.operands[0]!)) return help(l, "expOfNonPositive", op, x, 2);
    return apply(l, "exp", op, x);
  },
  log: unary("log"),
  sqrt: unary("sqrt"),
  rsqrt: unary("rsqrt"),
  tanh: unary("tanh"),
  erf: unary("erf"),
  sin: unary("sin"),
  cos: unary("cos"),
  abs: unary("abs"),
  sign: (l, op) => {
    const x = l.operand(op.operands[0]!);
    return isLiteral(x) ? l.folded(op, [x]) : help(l, "sign", op, x, 3);
  },
  floor: unary("floor"),
  not: unary("not"),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  pow: binary("pow"),
  max: binary("max"),
  min: binary("min"),
  less: binary("less"),
  less_equal: binary("less_equal"),
  equal: binary("equal"),
  and: binary("and"),
  or: binary("or"),

  // tf.where repeats smaller operands by tiling, which is a hundred times slower than repeating them beforehand.
  select: (l, op) => {
    const operands = op.operands.map((operand) => l.operand(operand));
    if (operands.every(isLiteral)) return l.folded(op, operands);
    const placed = operands.filter((physical): physical is Placed => !isLiteral(physical));
    const dimensions = l.align(op.type, placed);
    const args = operands.map((physical, i) => l.full(physical, dimensions, op.operands[i]!.type.dtype).value);
    return { value: l.tf("where", args, shapeOf(dimensions), op.type.dtype), dimensions };
  },

  cast: (l, op) => {
    const x = l.operand(op.operands[0]!);
    const { dtype } = op.attributes;
    if (isLiteral(x)) return l.folded(op, [x]);
    const from = op.operands[0]!.type.dtype;
    if (from === dtype) return x;
    // tf.cast to bool keeps bytes of the number in the wasm backend.
    const args = dtype === "bool" ? [x.value, number(l, { literal: 0, dtype: from })] : [x.value, tfTypes[dtype]];
    return { value: l.tf(dtype === "bool" ? "notEqual" : "cast", args, x.value.shape, dtype), dimensions: x.dimensions };
  },
};
