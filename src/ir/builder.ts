/** Builds the operations of one entry. Equal operations are built once. */

import type { SlotTypes } from "./definition.js";
import { hashOf, isEqual } from "./equality.js";
import { resultType } from "./ops/index.js";
import type { AttributesOf, Op, OpKind, OpOf } from "./program.js";
import { type Axis, type DType, type TensorType, hasAxis, sameAxes } from "./types.js";

/** Where the operations being built stand: as some operation does, for one. */
export type Position = Pick<Op, "place" | "phase" | "source">;

/**
 * Makes operations for one entry, in order. Structurally equal operations are shared, so that common subexpressions
 * are computed once and comparison of values is comparison of references.
 */
export class Builder {
  readonly operations: Op[] = [];
  position: Position = { place: "", phase: "forward" };
  /** Every operation at its hash, or at the next number that was free. */
  private readonly known = new Map<number, Op>();

  constructor(readonly slots: SlotTypes) {}

  /** Adds one operation. @throws IrError when its type rule is broken. */
  add<K extends OpKind>(kind: K, operands: readonly Op[], attributes: AttributesOf[K]): OpOf<K> {
    let hash = hashOf(kind, operands, attributes);
    for (let known = this.known.get(hash); known !== undefined; known = this.known.get(++hash)) {
      if (isEqual(known, kind, operands, attributes)) return known as OpOf<K>;
    }
    const type = resultType(kind, operands, attributes, this.slots);
    const { place, phase, source } = this.position;
    const op: OpOf<K> = { id: this.operations.length, kind, operands, attributes, type, place, phase, source };
    this.operations.push(op as Op);
    this.known.set(hash, op as Op);
    return op;
  }

  readonly build: Build = new Build(this);
}

/** One method for each operation, with the shapes of argument that read well; a thin layer over `Builder.add`. */
export class Build {
  constructor(private readonly builder: Builder) {}

  constant = (value: number, dtype: DType = "f32"): Op => this.builder.add("constant", [], { value, dtype });
  iota = (name: string, extent: number): Op => this.builder.add("iota", [], { axis: { name, extent } });
  unary = (kind: UnaryKind, x: Op): Op => this.builder.add(kind, [x], {});
  binary = (kind: BinaryKind, x: Op, y: Op): Op => this.builder.add(kind, [x, y], {});
  neg = (x: Op): Op => this.unary("neg", x);
  add = (x: Op, y: Op): Op => this.binary("add", x, y);
  sub = (x: Op, y: Op): Op => this.binary("sub", x, y);
  mul = (x: Op, y: Op): Op => this.binary("mul", x, y);
  div = (x: Op, y: Op): Op => this.binary("div", x, y);
  scale = (x: Op, factor: number): Op => this.mul(x, this.constant(factor));
  select = (condition: Op, x: Op, y: Op): Op => this.builder.add("select", [condition, x, y], {});
  cast = (x: Op, dtype: DType): Op => (x.type.dtype === dtype ? x : this.builder.add("cast", [x], { dtype }));
  sum = (x: Op, axes: readonly string[]): Op => (axes.length === 0 ? x : this.builder.add("reduce_sum", [x], { axes }));
  maximum = (x: Op, axes: readonly string[]): Op => (axes.length === 0 ? x : this.builder.add("reduce_max", [x], { axes }));
  contract = (x: Op, y: Op, axes: readonly string[]): Op => this.builder.add("contract", [x, y], { axes });
  rename = (x: Op, from: readonly string[], to: readonly string[]): Op => this.builder.add("rename", [x], { from, to });
  split = (x: Op, axis: string, into: readonly Axis[]): Op => this.builder.add("split", [x], { axis, into });
  merge = (x: Op, axes: readonly string[], into: string): Op => this.builder.add("merge", [x], { axes, into });
  slice = (x: Op, axis: string, start: number, extent: number): Op =>
    this.builder.add("slice", [x], { axis, start, extent });
  pad = (x: Op, axis: string, before: number, after: number): Op =>
    this.builder.add("pad", [x], { axis, before, after });
  concatenate = (parts: readonly Op[], axis: string): Op => this.builder.add("concatenate", parts, { axis });
  take = (table: Op, indices: Op, axis: string): Op => this.builder.add("take", [table, indices], { axis });
  scatterAdd = (values: Op, indices: Op, axis: Axis, aligned: readonly string[]): Op =>
    this.builder.add("scatter_add", [values, indices], { axis, aligned });
  argsort = (x: Op, axis: string): Op => this.builder.add("argsort", [x], { axis });
  singularValues = (x: Op, rows: string, columns: string): Op => this.builder.add("singular_values", [x], { rows, columns });
  stop = (x: Op): Op => this.builder.add("stop_gradient", [x], {});

  /** Repeats `x` along the axes that it lacks. */
  broadcast = (x: Op, axes: readonly Axis[]): Op => {
    const missing = axes.filter((axis) => !hasAxis(x.type, axis.name));
    return missing.length === 0 ? x : this.builder.add("broadcast", [x], { axes: missing });
  };

  /** Sums away the axes that `type` lacks, and repeats along those that `x` lacks: a cotangent of that type. */
  fit = (x: Op, type: TensorType): Op => {
    if (sameAxes(x.type.axes, type.axes)) return x;
    const extra = x.type.axes.filter((axis) => !hasAxis(type, axis.name)).map((axis) => axis.name);
    return this.broadcast(this.sum(x, extra), type.axes);
  };
}

export type UnaryKind =
  | "neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs" | "sign" | "floor" | "not";
export type BinaryKind =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "less" | "less_equal" | "equal" | "and" | "or";
