/** What the tests of the IR share: types and tensors written short, and running single operations and derivatives. */

import { Builder } from "../../src/ir/builder.js";
import type { Environment, Tensor } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { operations, resultType } from "../../src/ir/ops/index.js";
import type { AttributesOf, Entry, Op, OpKind, Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import type { DType, TensorType } from "../../src/ir/types.js";
import { live } from "../../src/ir/verify.js";
import { differentiate } from "../../src/transform/differentiate.js";

/** `type("p:2 q:3")` is `f32[p: 2, q: 3]`. */
export function type(axes: string, dtype: DType = "f32"): TensorType {
  const parts = axes.split(" ").filter((part) => part !== "");
  return { dtype, axes: parts.map((part) => ({ name: part.split(":")[0]!, extent: Number(part.split(":")[1]) })) };
}

export function tensor(axes: string, data: readonly number[], dtype: DType = "f32"): Tensor {
  return { type: type(axes, dtype), data: Float64Array.from(data) };
}

/** An environment that holds nothing. */
export const nothing: Environment = { slots: new Map(), inputs: new Map(), seed: 0, step: 0 };

/** A program without slots but for inputs called `x0`, `x1`, … of the given types. */
export function inputsOnly(types: readonly TensorType[]): Omit<Program, "entries"> {
  return { name: "test", precision: "single", parameters: [], states: [], inputs: types.map((own, i) => ({ name: `x${i}`, type: own })) };
}

/** Runs one operation on tensors. */
export function run<K extends OpKind>(kind: K, operands: readonly Tensor[], attributes: AttributesOf[K], environment = nothing): Tensor {
  const slots = slotTypes(inputsOnly(operands.map((operand) => operand.type)));
  const builder = new Builder(slots);
  const ops = operands.map((_, i) => builder.add("input", [], { slot: `x${i}` }) as Op);
  const own = resultType(kind, ops, attributes, slots);
  const op = { id: ops.length, kind, operands: ops, attributes, type: own, place: "", phase: "forward" };
  return { type: own, data: operations[kind].evaluate(op as never, operands, environment) };
}

/**
 * The program with an entry `step`, which repeats the live operations of `forward` and adds to its results the derivative of
 * the result `loss` by every parameter `w`, as `d_w`.
 */
export function withGradients(program: Program): Program {
  const builder = new Builder(slotTypes(program));
  const forward = program.entries.get("forward")!;
  const copies = new Map<Op, Op>();
  for (const op of live(forward)) {
    copies.set(op, builder.add(op.kind, op.operands.map((operand) => copies.get(operand)!), op.attributes as never) as Op);
  }
  const sources = program.parameters.map(({ name }) => builder.add("parameter", [], { slot: name }) as Op);
  const gradients = differentiate(builder, copies.get(forward.results.get("loss")!)!, sources);
  const results = new Map([...forward.results].map(([name, op]) => [name, copies.get(op)!]));
  program.parameters.forEach(({ name }, i) => results.set(`d_${name}`, gradients[i]!));
  const step: Entry = { name: "step", operations: builder.operations, results };
  return { ...program, entries: new Map([...program.entries, ["step", step]]) };
}

/**
 * The derivative of the result `loss` of `forward` by every element of the parameter `name`, by central differences.
 * With values and derivatives near 1 and h = 1e-5 its error is about 1e-10: h² of truncation, 1e-16 / h of rounding.
 */
export function centralDifferences(program: Program, environment: Environment, name: string, h = 1e-5): Float64Array {
  const forward = program.entries.get("forward")!;
  const entry = { ...forward, operations: live(forward) };
  const value = environment.slots.get(name)!;
  const lossAt = (i: number, by: number): number => {
    const moved = Float64Array.from(value);
    moved[i]! += by;
    const slots = new Map(environment.slots).set(name, moved);
    return interpret(entry, { ...environment, slots }).results.get("loss")!.data[0]!;
  };
  return value.map((_, i) => (lossAt(i, h) - lossAt(i, -h)) / (2 * h));
}

/** The largest difference between two lists of numbers, relative to the larger of 1 and the size of the expected ones. */
export function relativeError(found: Float64Array, expected: Float64Array): number {
  if (found.length !== expected.length) return Infinity;
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  // Written so that a NaN counts as an infinite error.
  return found.reduce((most, value, i) => {
    if (Object.is(value, expected[i])) return most;
    const error = Math.abs(value - expected[i]!) / scale;
    return error >= 0 ? Math.max(most, error) : Infinity;
  }, 0);
}

/** The tensor's elements in the order of the axes of `like`. */
export function inLayoutOf({ type: own, data }: Tensor, like: TensorType): Float64Array {
  const axes = like.axes.map((axis) => axis.name);
  return axes.length === 0 ? data : run("merge", [{ type: own, data }], { axes, into: "all" }).data;
}
