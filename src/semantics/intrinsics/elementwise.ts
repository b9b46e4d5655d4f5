/** Elementwise functions, and those that look at one element at a time. */

import type { UnaryKind } from "../../ir/builder.js";
import { erf } from "../../ir/ops/erf.js";
import { fail } from "../errors.js";
import { computed } from "../expressions.js";
import * as tensors from "../tensors.js";
import { type TensorValue, type Value, describe, number } from "../values.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";
import { elementwiseNames } from "./names.js";

const compileTime: Record<(typeof elementwiseNames)[number], (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  tanh: Math.tanh,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
};

function unary(name: (typeof elementwiseNames)[number]): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    const value = args.value(0);
    if (value.kind === "number") return computed(compileTime[name](value.value), [value.value], args.where);
    return args.build(() => {
      const x = args.tensor(0);
      if (x.op.type.dtype === "bool") fail("N0303", args.placeOf(0), `\`${name}\` takes numbers, not a condition`);
      return tensors.elementwise(e, [tensors.converted(e, x, "f32")], (op) => e.b.unary(name satisfies UnaryKind, op));
    });
  };
}

/** Two or three values as tensors of one type, aligned. */
function together(args: Arguments, indexes: readonly number[]): TensorValue[] {
  const { e } = args;
  const values = indexes.map((index) => ({ value: args.value(index), place: args.placeOf(index) }));
  const tensorsOnly = values.flatMap(({ value, place }) => (tensors.isTensorLike(value) ? [{ value, place }] : []));
  const settled = tensors.settleAll(tensorsOnly);
  const whole = settled.length > 0 && settled.every(({ op }) => op.type.dtype === "i32");
  let next = 0;
  const result = values.map(({ value, place }) => {
    if (tensors.isTensorLike(value)) return settled[next++]!;
    if (value.kind === "number") return e.tensor(e.b.constant(value.value, whole && Number.isInteger(value.value) ? "i32" : "f32"));
    return fail("N0208", place, `\`${args.name}\` takes numbers and tensors, not ${describe(value)}`);
  });
  const dtypes = new Set(result.map(({ op }) => op.type.dtype));
  if (dtypes.has("bool") && dtypes.size > 1) fail("N0303", args.where, `\`${args.name}\` mixes conditions and numbers`);
  const same = dtypes.size === 1 ? result : result.map((value) => tensors.converted(e, value, "f32"));
  tensors.checkAligned(same.map((value, i) => ({ value, place: values[i]!.place })), args.where);
  return same;
}

/** `select(condition, x, y)`; a condition known at compile time chooses at compile time. */
const select: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "select", node, { positional: [3, 3] });
  const condition = args.value(0);
  if (condition.kind === "boolean") return args.value(condition.value ? 1 : 2);
  if (condition.kind !== "tensor" || condition.op.type.dtype !== "bool") {
    return fail("N0208", args.placeOf(0), `\`select\` takes a condition first, not ${describe(condition)}`);
  }
  return args.build(() => {
    const [x, y] = together(args, [1, 2]);
    return tensors.elementwise(e, [condition, x!, y!], (c, a, b) => e.b.select(c, a, b));
  });
};

function cast(name: "float" | "integer"): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    const value = args.value(0);
    if (value.kind === "number") return number(name === "integer" ? Math.trunc(value.value) : value.value);
    if (value.kind === "boolean") return number(Number(value.value));
    return args.build(() => tensors.converted(e, args.tensor(0), name === "float" ? "f32" : "i32"));
  };
}

/** The larger or smaller of two; the reductions of the same names come in through `reduction.ts`. */
export function extreme(name: "max" | "min"): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [2, 2] });
    const [x, y] = [args.value(0), args.value(1)];
    if (x.kind === "number" && y.kind === "number") return number(Math[name](x.value, y.value));
    return args.build(() => {
      const [a, b] = together(args, [0, 1]);
      return tensors.binary(e, name, a!, b!);
    });
  };
}

/** The value without its derivative. */
const stop: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "stop", node, { positional: [1, 1] });
  return args.build(() => tensors.elementwise(e, [args.tensor(0)], (op) => e.b.stop(op)));
};

/**
 * `fill(x, value)`: `value` where `x` is not valid; from then on everything is valid. `fill(x, value over axes)` does so for
 * the conditions along those axes only: what is not valid for another reason stays so.
 */
const fill: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "fill", node, { positional: [2, 2], clauses: ["over"] });
  const x = args.tensor(0);
  const value: Value = args.value(1);
  if (value.kind !== "number") return fail("N0208", args.placeOf(1), `\`fill\` takes a number second, not ${describe(value)}`);
  const axes = args.axes(x);
  const filled = args.clause === undefined ? x.masks : x.masks.filter((mask) => mask.type.axes.some((axis) => axes.includes(axis.name)));
  if (filled.length === 0) return x;
  return args.build(() => {
    const valid = filled.reduce((a, b) => e.b.binary("and", a, b));
    const op = e.b.select(valid, x.op, e.b.constant(value.value, x.op.type.dtype));
    return { ...x, op, masks: x.masks.filter((mask) => !filled.includes(mask)) };
  });
};

export const elementwiseIntrinsics: Readonly<Record<string, Intrinsic>> = {
  ...Object.fromEntries(elementwiseNames.map((name) => [name, unary(name)])),
  select,
  float: cast("float"),
  integer: cast("integer"),
  stop,
  fill,
};

