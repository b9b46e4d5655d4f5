/** Simplification of elementwise operations. Signs of zeros are not kept; NaN and infinities are: `x * 0` stays. */

import { operations, resultType } from "../../ir/ops/index.js";
import type { AttributesOf, Op, OpOf } from "../../ir/program.js";
import { unionAxes } from "../../ir/types.js";
import { joinPieces, joinPiecesOfSum } from "./pieces.js";
import { type Rule, constantOf, isRepresentable } from "./rule.js";

type Unary =
  | "neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs" | "sign" | "floor" | "not" | "cast";
type Binary =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "less" | "less_equal" | "equal" | "and" | "or";
export type ElementwiseKind = Unary | Binary | "select";

/** f(1, 2) → 3 */
const foldConstants: Rule<ElementwiseKind> = ({ kind, operands, attributes }, b, { slots }) => {
  if (!operands.every((operand) => operand.kind === "constant")) return undefined;
  const type = resultType(kind, operands, attributes as AttributesOf[ElementwiseKind], slots);
  const tensors = operands.map((operand) => ({ type: operand.type, data: Float64Array.of(constantOf(operand)!) }));
  const nothing = { slots: new Map(), inputs: new Map(), seed: 0, step: 0 };
  const value = operations[kind].evaluate({ kind, operands, attributes, type } as never, tensors, nothing)[0]!;
  return isRepresentable(value) ? b.constant(value, type.dtype) : undefined;
};

/** f(broadcast x, y) → f(x, y), where y covers the axes; else broadcast f(x, y) */
const broadcastLater: Rule<ElementwiseKind> = ({ kind, operands, attributes }, b, builder) => {
  if (!operands.some((operand) => operand.kind === "broadcast")) return undefined;
  const inner = operands.map((operand) => (operand.kind === "broadcast" ? operand.operands[0]! : operand));
  const value = builder.add(kind, inner, attributes as AttributesOf[ElementwiseKind]) as Op;
  return b.broadcast(value, unionAxes(operands.map((operand) => operand.type)));
};

/** c + x → x + c, so that the other rules find constants on the right */
const constantRight: Rule<"add" | "mul" | "and" | "or"> = ({ kind, operands: [x, y] }, b) =>
  x!.kind === "constant" && y!.kind !== "constant" ? b.binary(kind, y!, x!) : undefined;

/** x + 0 → x, and the like */
const neutral = (value: number): Rule<"add" | "sub" | "mul" | "div" | "and" | "or"> => ({ operands: [x, y] }) =>
  constantOf(y!) === value ? x : undefined;

/** x and false → false */
const absorbing = (value: number): Rule<"and" | "or"> => ({ operands: [x, y] }, b) =>
  constantOf(y!) === value ? b.broadcast(y!, x!.type.axes) : undefined;

/** x + -y → x - y; -x + y → y - x */
const addNegation: Rule<"add"> = ({ operands: [x, y] }, b) => {
  if (y!.kind === "neg") return b.sub(x!, y!.operands[0]!);
  return x!.kind === "neg" ? b.sub(y!, x!.operands[0]!) : undefined;
};

/** x + x → x * 2, which meets other factors */
const addSame: Rule<"add"> = ({ operands: [x, y] }, b) => (x === y ? b.mul(x!, b.constant(2, x!.type.dtype)) : undefined);

/** x - -y → x + y; 0 - x → -x */
const subtractNegation: Rule<"sub"> = ({ operands: [x, y] }, b) => {
  if (y!.kind === "neg") return b.add(x!, y!.operands[0]!);
  return constantOf(x!) === 0 ? b.neg(y!) : undefined;
};

/** --x → x */
const negationTwice: Rule<"neg"> = ({ operands: [x] }) => (x!.kind === "neg" ? x!.operands[0] : undefined);

/** -(x - y) → y - x */
const negateDifference: Rule<"neg"> = ({ operands: [x] }, b) =>
  x!.kind === "sub" ? b.sub(x!.operands[1]!, x!.operands[0]!) : undefined;

/** -(x * c) → x * -c */
const negateScale: Rule<"neg"> = ({ operands: [x] }, b) => {
  const factor = scaleOf(x!);
  return factor === undefined ? undefined : b.mul(x!.operands[0]!, b.neg(factor));
};

/** -x * -y → x * y */
const multiplyNegations: Rule<"mul"> = ({ operands: [x, y] }, b) =>
  x!.kind === "neg" && y!.kind === "neg" ? b.mul(x!.operands[0]!, y!.operands[0]!) : undefined;

/** x * -1 → -x */
const minusOne: Rule<"mul"> = ({ operands: [x, y] }, b) => (constantOf(y!) === -1 ? b.neg(x!) : undefined);

/** -x * c → x * -c; (x * c) * d → x * (c * d) */
const scaleTwice: Rule<"mul"> = ({ operands: [x, y] }, b) => {
  if (y!.kind !== "constant") return undefined;
  if (x!.kind === "neg") return b.mul(x!.operands[0]!, b.neg(y!));
  const inner = scaleOf(x!);
  if (inner === undefined) return undefined;
  const factor = b.mul(inner, y!);
  return factor.kind === "constant" ? b.mul(x!.operands[0]!, factor) : undefined;
};

/** -pad(x) → pad(-x), and so with a finite factor, which meets rules for sums of padded values */
const negatePadded: Rule<"neg"> = ({ operands: [x] }, b) =>
  x!.kind === "pad" ? padAgain(x!, b.neg(x!.operands[0]!), b) : undefined;
const scalePadded: Rule<"mul"> = ({ operands: [x, y] }, b) =>
  x!.kind === "pad" && Number.isFinite(constantOf(y!) ?? NaN) ? padAgain(x!, b.mul(x!.operands[0]!, y!), b) : undefined;

function padAgain(pad: OpOf<"pad">, value: Op, b: Parameters<Rule<"pad">>[1]): Op {
  const { axis, before, after } = pad.attributes;
  return b.pad(value, axis, before, after);
}

/** x / c → x * (1/c): a division costs many times a multiplication */
const divideByConstant: Rule<"div"> = ({ operands: [x, y] }, b) => {
  const inverse = 1 / (constantOf(y!) ?? NaN);
  return inverse !== 0 && isRepresentable(inverse) ? b.scale(x!, inverse) : undefined;
};

/** Powers with small constant exponents */
const constantPower: Rule<"pow"> = ({ operands: [x, y] }, b) => {
  switch (constantOf(y!)) {
    case -1: return b.div(b.constant(1), x!);
    case -0.5: return b.unary("rsqrt", x!);
    case 0: return b.broadcast(b.constant(1), x!.type.axes);
    case 0.5: return b.unary("sqrt", x!);
    case 1: return x;
    case 2: return b.mul(x!, x!);
    default: return undefined;
  }
};

/** not not x → x */
const notTwice: Rule<"not"> = ({ operands: [x] }) => (x!.kind === "not" ? x!.operands[0] : undefined);

/** select(true, x, y) → x; select(c, x, x) → x */
const selectKnown: Rule<"select"> = ({ operands }, b) => {
  const [condition, x, y] = operands;
  const value = constantOf(condition!);
  if (value === undefined && x !== y) return undefined;
  return b.broadcast(value === 0 ? y! : x!, unionAxes(operands.map((operand) => operand.type)));
};

/** select(not c, x, y) → select(c, y, x) */
const selectNot: Rule<"select"> = ({ operands: [condition, x, y] }, b) =>
  condition!.kind === "not" ? b.select(condition!.operands[0]!, y!, x!) : undefined;

/** A cast to the dtype that is there already */
const castToSame: Rule<"cast"> = ({ operands: [x], attributes: { dtype } }) => (x!.type.dtype === dtype ? x : undefined);

/** A cast of a cast that loses nothing. From i32 by f32 back to i32 stays: f32 holds whole numbers below 2^24 only. */
const castTwice: Rule<"cast"> = ({ operands: [x], attributes: { dtype } }, b) => {
  if (x!.kind !== "cast") return undefined;
  const origin = x!.operands[0]!;
  const from = origin.type.dtype;
  const lossless = from === "bool" || (from === "i32" && x!.type.dtype === "f32" && dtype === "bool");
  return lossless ? b.cast(origin, dtype) : undefined;
};

/** The constant factor of `x * c`. */
export function scaleOf(op: Op): OpOf<"constant"> | undefined {
  if (op.kind !== "mul") return undefined;
  const factor = op.operands[1]!;
  return factor.kind === "constant" ? factor : undefined;
}

const all: readonly Rule<ElementwiseKind>[] = [foldConstants, broadcastLater];

export const elementwiseRules: { readonly [K in ElementwiseKind]: readonly Rule<K>[] } = {
  neg: [...all, negationTwice, negateDifference, negateScale, negatePadded],
  exp: all,
  log: all,
  sqrt: all,
  rsqrt: all,
  tanh: all,
  erf: all,
  sin: all,
  cos: all,
  abs: all,
  sign: all,
  floor: all,
  not: [...all, notTwice],
  add: [...all, constantRight, neutral(0), addSame, addNegation, joinPieces, joinPiecesOfSum],
  sub: [...all, neutral(0), subtractNegation],
  mul: [...all, constantRight, neutral(1), minusOne, scaleTwice, scalePadded, multiplyNegations],
  div: [...all, neutral(1), divideByConstant],
  pow: [...all, constantPower],
  // The operands keep their order: at a tie the cotangent goes to the second.
  max: all,
  min: all,
  less: all,
  less_equal: all,
  equal: all,
  and: [...all, constantRight, neutral(1), absorbing(0)],
  or: [...all, constantRight, neutral(0), absorbing(1)],
  select: [...all, selectKnown, selectNot],
  cast: [...all, castToSame, castTwice],
};
