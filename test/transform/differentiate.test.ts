import { describe, expect, test } from "vitest";
import { type Build, Builder } from "../../src/ir/builder.js";
import { interpret } from "../../src/ir/interpret.js";
import type { Op, Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { IrError, sameAxes } from "../../src/ir/types.js";
import { differentiate } from "../../src/transform/differentiate.js";
import { type } from "../ir/support.js";

const base: Omit<Program, "entries"> = {
  name: "p",
  precision: "single",
  parameters: [
    { name: "w", type: type("p:2"), role: "weight" },
    { name: "v", type: type("p:2 q:3"), role: "weight" },
  ],
  states: [{ name: "s", type: type("p:2"), owner: "model" }],
  inputs: [],
};

function start(): { builder: Builder; b: Build; w: Op; v: Op } {
  const builder = new Builder(slotTypes(base));
  const [w, v] = ["w", "v"].map((slot) => builder.add("parameter", [], { slot }) as Op);
  return { builder, b: builder.build, w: w!, v: v! };
}

const attach = (builder: Builder, y: Op, x: Op, dx: Op) => builder.add("attach_gradient", [y, x, dx], {}) as Op;
const cotangentOf = (builder: Builder, x: Op) => builder.add("cotangent", [], { of: "x", axes: x.type.axes }) as Op;

/** The values of `ops` where w is 2, −3 and v is 1 to 6. */
function values(ops: readonly Op[]): number[][] {
  const needed = new Set<Op>();
  const collect = (op: Op) => {
    op.operands.forEach(collect);
    needed.add(op);
  };
  ops.forEach(collect);
  const slots = new Map([["w", Float64Array.of(2, -3)], ["v", Float64Array.of(1, 2, 3, 4, 5, 6)]]);
  const entry = { name: "step", operations: [...needed], results: new Map() };
  const outcome = interpret(entry, { slots, inputs: new Map(), seed: 0, step: 0 });
  return ops.map((op) => [...outcome.values.get(op)!.data]);
}

test("a source that the loss does not depend on has a gradient of zeros, of its type", () => {
  const { builder, b, w, v } = start();
  const loss = b.sum(b.mul(w, w), ["p"]);
  const gradients = differentiate(builder, loss, [w, v]);
  expect(gradients.map((op) => op.type.dtype)).toEqual(["f32", "f32"]);
  expect(gradients.every((op, i) => sameAxes(op.type.axes, [w, v][i]!.type.axes))).toBe(true);
  expect(values(gradients)).toEqual([[4, -6], [0, 0, 0, 0, 0, 0]]);
});

test("a scale multiplies every gradient, and a stated gradient sees the cotangent without it", () => {
  const gradientsOf = (scale: number | undefined) => {
    const { builder, b, w, v } = start();
    // Of the gradient `dy * dy`, so that it makes a difference which cotangent it sees.
    const dy = cotangentOf(builder, w);
    const y = attach(builder, b.scale(w, 3), w, b.mul(dy, dy));
    const loss = b.add(b.sum(b.scale(y, 5), ["p"]), b.sum(b.mul(v, w), ["p", "q"]));
    return values(differentiate(builder, loss, [w, v], scale === undefined ? undefined : b.constant(scale)));
  };
  const [w, v] = gradientsOf(undefined) as [number[], number[]];
  expect(w).toEqual([25 + 15 + 6, 25 + 15 + 15]);
  expect(gradientsOf(1024)).toEqual([w, v].map((gradient) => gradient.map((value) => value * 1024)));
});

test("a loss that is no f32 scalar is told", () => {
  const { builder, b, w } = start();
  expect(() => differentiate(builder, w, [w])).toThrow(IrError);
  expect(() => differentiate(builder, b.constant(1, "i32"), [w])).toThrow(IrError);
});

test("new operations are of the backward phase, at the place of the operation that they come from", () => {
  const { builder, b, w } = start();
  builder.position = { place: "layer.1", phase: "forward", source: "spec.norm:1:1" };
  const y = b.unary("sin", w);
  builder.position = { place: "", phase: "forward" };
  const loss = b.sum(y, ["p"]);
  const { length } = builder.operations;
  differentiate(builder, loss, [w]);
  const added = builder.operations.slice(length).filter((op) => op.kind !== "constant");
  expect(added.every((op) => op.phase === "backward")).toBe(true);
  const slope = added.find((op) => op.kind === "cos")!;
  expect([slope.place, slope.source]).toEqual(["layer.1", "spec.norm:1:1"]);
});

test("several uses add up", () => {
  const { builder, b, w } = start();
  const loss = b.sum(b.add(b.mul(w, w), b.mul(b.constant(3), w)), ["p"]);
  expect(values(differentiate(builder, loss, [w]))).toEqual([[7, -3]]);
});

test("stop_gradient lets nothing through", () => {
  const { builder, b, w } = start();
  const loss = b.sum(b.mul(w, b.stop(w)), ["p"]);
  expect(values(differentiate(builder, loss, [w]))).toEqual([[2, -3]]);
});

test("at a tie, max gives its cotangent to the second operand, and reduce_max divides it", () => {
  const { builder, b, w } = start();
  const zero = b.sub(w, w);
  const relu = b.sum(b.binary("max", b.add(w, b.constant(-2)), b.constant(0)), ["p"]);
  expect(values(differentiate(builder, relu, [w]))).toEqual([[0, 0]]);
  const most = b.maximum(b.add(zero, b.stop(b.mul(w, b.constant(0)))), ["p"]);
  expect(values(differentiate(builder, b.add(most, b.sum(w, ["p"])), [zero]))).toEqual([[0.5, 0.5]]);
});

test("x to the power of 0 is flat, at 0 too", () => {
  const { builder, b, w } = start();
  const zero = b.mul(w, b.constant(0));
  const loss = b.sum(b.binary("pow", b.add(zero, b.sub(w, b.stop(w))), b.constant(0)), ["p"]);
  expect(values(differentiate(builder, loss, [w]))).toEqual([[0, 0]]);
});

describe("attach_gradient", () => {
  test("states the gradient of its second operand", () => {
    const { builder, b, w } = start();
    // A straight-through estimate: the sign, which has no derivative, passes its cotangent on.
    const sign = attach(builder, b.stop(b.unary("sign", w)), w, cotangentOf(builder, w));
    const loss = b.sum(b.scale(sign, 5), ["p"]);
    expect(values(differentiate(builder, loss, [w]))).toEqual([[5, 5]]);
  });

  test("adds to the derivative of its first operand", () => {
    const { builder, b, w } = start();
    const y = attach(builder, b.mul(w, w), w, b.scale(cotangentOf(builder, w), 10));
    expect(values(differentiate(builder, b.sum(y, ["p"]), [w]))).toEqual([[4 + 10, -6 + 10]]);
  });

  test("may state a gradient that does not depend on the cotangent", () => {
    const { builder, b, w } = start();
    const y = attach(builder, b.stop(w), w, b.scale(w, 2));
    expect(values(differentiate(builder, b.sum(y, ["p"]), [w]))).toEqual([[4, -6]]);
  });

  test("rebuilds the updates that rest on the cotangent, and leaves others", () => {
    const { builder, b, w } = start();
    const placeholder = cotangentOf(builder, w);
    const y = attach(builder, b.stop(w), w, placeholder);
    builder.add("update", [b.scale(placeholder, 2)], { slot: "s" });
    builder.add("update", [b.neg(w)], { slot: "w" });
    differentiate(builder, b.sum(b.scale(y, 7), ["p"]), [w]);
    const updates = (slot: string) => builder.operations.filter((op) => op.kind === "update" && op.attributes.slot === slot);
    expect(values([updates("s").at(-1)!])).toEqual([[14, 14]]);
    expect(updates("w")).toHaveLength(1);
  });

  test("two stated gradients keep apart", () => {
    const { builder, b, w } = start();
    const first = attach(builder, b.stop(w), w, b.scale(builder.add("cotangent", [], { of: "a", axes: w.type.axes }) as Op, 2));
    const second = attach(builder, b.stop(w), w, b.scale(builder.add("cotangent", [], { of: "b", axes: w.type.axes }) as Op, 30));
    const loss = b.add(b.sum(first, ["p"]), b.sum(b.scale(second, 4), ["p"]));
    expect(values(differentiate(builder, loss, [w]))).toEqual([[122, 122]]);
  });
});
