/** The state of a random program while it is made: the values so far and the choices to follow. */

import type { Builder } from "../../src/ir/builder.js";
import type { Environment, Tensor } from "../../src/ir/definition.js";
import { operations } from "../../src/ir/ops/index.js";
import type { Op } from "../../src/ir/program.js";
import { type DType, type TensorType, elements, hasAxis } from "../../src/ir/types.js";

/** The distance that values keep from jumps and bends. */
export const margin = 0.02;
const largest = 4;
const mostElements = 48;
const mostAxes = 4;
export const axisNames = ["p", "q", "r", "s", "t", "u"];

/** The values made so far, and the choices that the next instruction is to follow. */
export class Generator {
  readonly b;
  private readonly pool: Op[] = [];
  private readonly used = new Set<Op>();
  private readonly tensors = new Map<Op, Tensor>();
  private choices: readonly number[] = [];
  private at = 0;

  constructor(readonly builder: Builder, private readonly environment: Environment) {
    this.b = builder.build;
  }

  choose(choices: readonly number[]): void {
    this.choices = choices;
    this.at = 0;
  }

  /** A whole number from 0 to `below` − 1. */
  number(below: number): number {
    return (this.choices[this.at++ % this.choices.length] ?? 0) % below;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.number(items.length)];
  }

  /** One of the values so far; late ones are likelier. */
  value(dtype: DType = "f32", suits: (op: Op) => boolean = () => true): Op | undefined {
    const found = this.pool.filter((op) => op.type.dtype === dtype && suits(op));
    return this.pick(this.number(2) === 0 ? found.slice(-4) : found);
  }

  /** An axis name that `type` lacks. */
  freshName(type: TensorType): string {
    return this.pick(axisNames.filter((name) => !hasAxis(type, name)))!;
  }

  /** The axes in some other order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.number(rest.length), 1)[0]!);
  }

  /** The elements of a value. */
  data(op: Op): Float64Array {
    return this.tensor(op).data;
  }

  private tensor(op: Op): Tensor {
    const known = this.tensors.get(op);
    if (known !== undefined) return known;
    const operands = op.operands.map((operand) => this.tensor(operand));
    const result = { type: op.type, data: operations[op.kind].evaluate(op as never, operands, this.environment) };
    this.tensors.set(op, result);
    return result;
  }

  /** Adds a value to those that instructions use, scaled down if it is large; drops it if it has too many elements. */
  keep(op: Op | undefined): void {
    if (op === undefined || this.pool.includes(op) || elements(op.type.axes) > mostElements || op.type.axes.length > mostAxes) return;
    const most = this.data(op).reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    if (!Number.isFinite(most)) return;
    if (op.type.dtype !== "f32" || most <= largest) this.pool.push(op);
    else this.pool.push(this.b.scale(op, Number((2 / most).toPrecision(3))));
    for (const operand of op.operands) this.used.add(operand);
  }

  /** The values that nothing uses, and a loss that weighs each of their elements differently. */
  results(): Map<string, Op> {
    const { b, builder } = this;
    builder.position = { place: "", phase: "forward" };
    const ends = this.pool.filter((op) => op.type.dtype === "f32" && op.operands.length > 0 && !this.used.has(op)).slice(-6);
    let loss = b.constant(0);
    ends.forEach((op, i) => {
      const weights = builder.add("random", [], { distribution: "uniform", stream: `weights${i}`, axes: op.type.axes });
      const parts = b.mul(op, b.sub(weights as Op, b.constant(0.3)));
      loss = b.add(loss, b.sum(parts, op.type.axes.map((axis) => axis.name)));
    });
    return new Map([["loss", loss], ...ends.map((op, i) => [`value${i}`, op] as const)]);
  }
}
