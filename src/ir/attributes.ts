/** How the attributes of every operation are written, for reading them back. */

import type { AttributesOf, OpKind } from "./program.js";
import type { Axis, DType } from "./types.js";

export type AttributeShape = "number" | "dtype" | "distribution" | "text" | "names" | "axes" | "axis";

type ShapeOf<T> = [T] extends [number] ? "number"
  : [T] extends [DType] ? "dtype"
  : [T] extends ["uniform" | "normal"] ? "distribution"
  : [T] extends [string] ? "text"
  : [T] extends [readonly string[]] ? "names"
  : [T] extends [readonly Axis[]] ? "axes"
  : "axis";

export const attributeShapes: {
  readonly [K in OpKind]: { readonly [A in keyof AttributesOf[K]]: ShapeOf<AttributesOf[K][A]> };
} = {
  parameter: { slot: "text" },
  state: { slot: "text" },
  input: { slot: "text" },
  constant: { value: "number", dtype: "dtype" },
  iota: { axis: "axis" },
  random: { distribution: "distribution", stream: "text", axes: "axes" },
  cotangent: { of: "text", axes: "axes" },
  neg: {},
  exp: {},
  log: {},
  sqrt: {},
  rsqrt: {},
  tanh: {},
  erf: {},
  sin: {},
  cos: {},
  abs: {},
  sign: {},
  floor: {},
  not: {},
  add: {},
  sub: {},
  mul: {},
  div: {},
  pow: {},
  max: {},
  min: {},
  less: {},
  less_equal: {},
  equal: {},
  and: {},
  or: {},
  select: {},
  cast: { dtype: "dtype" },
  reduce_sum: { axes: "names" },
  reduce_max: { axes: "names" },
  contract: { axes: "names" },
  broadcast: { axes: "axes" },
  rename: { from: "names", to: "names" },
  split: { axis: "text", into: "axes" },
  merge: { axes: "names", into: "text" },
  slice: { axis: "text", start: "number", extent: "number" },
  pad: { axis: "text", before: "number", after: "number" },
  concatenate: { axis: "text" },
  take: { axis: "text" },
  scatter_add: { axis: "axis", aligned: "names" },
  argsort: { axis: "text" },
  singular_values: { rows: "text", columns: "text" },
  stop_gradient: {},
  attach_gradient: {},
  update: { slot: "text" },
};
