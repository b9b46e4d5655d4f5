import { describe, expect, test } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import type { Op } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { IrError, printType } from "../../src/ir/types.js";
import { inputsOnly, type } from "./support.js";

function start(): { builder: Builder; x: Op; y: Op } {
  const builder = new Builder(slotTypes(inputsOnly([type("p:2 q:3"), type("q:3")])));
  const [x, y] = ["x0", "x1"].map((slot) => builder.add("input", [], { slot }) as Op);
  return { builder, x: x!, y: y! };
}

describe("equal operations", () => {
  test("are built once, at the first place", () => {
    const { builder, x, y } = start();
    builder.position = { place: "a", phase: "forward" };
    const first = builder.build.add(x, y);
    builder.position = { place: "b", phase: "backward" };
    expect(builder.build.add(x, y)).toBe(first);
    expect([first.place, first.phase]).toEqual(["a", "forward"]);
    expect(builder.build.add(y, x)).not.toBe(first);
    expect(builder.operations).toHaveLength(4);
  });

  test("are not those that differ in an attribute", () => {
    const { builder, x } = start();
    const b = builder.build;
    expect(b.slice(x, "q", 0, 1)).not.toBe(b.slice(x, "q", 1, 1));
    const constants = [0, -0, 1, Infinity, -Infinity, NaN, 0.1 + 0.2, 0.3].map((value) => b.constant(value));
    expect(new Set([...constants, b.constant(1, "i32")]).size).toBe(9);
    expect(b.constant(NaN)).toBe(constants[5]);
  });
});

describe("the thin layer", () => {
  test("leaves out what does nothing", () => {
    const { builder, x } = start();
    const b = builder.build;
    expect([b.sum(x, []), b.maximum(x, []), b.cast(x, "f32"), b.broadcast(x, x.type.axes), b.fit(x, type("q:3 p:2"))]).toEqual([x, x, x, x, x]);
  });

  test("fit sums the axes that are too many and repeats those that lack", () => {
    const { builder, x } = start();
    expect(printType(builder.build.fit(x, type("r:4 p:2")).type)).toBe("f32[r: 4, p: 2]");
  });
});

test("an operation that breaks its rule is told", () => {
  const { builder, x } = start();
  expect(() => builder.build.sum(x, ["r"])).toThrow(IrError);
  expect(() => builder.add("iota", [], { axis: { name: "p", extent: 0 } })).toThrow(IrError);
});
