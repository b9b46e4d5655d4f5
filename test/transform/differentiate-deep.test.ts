/** Differentiation of long and of many-layered programs: no recursion, no repeated work. */

import { describe, expect, test } from "vitest";
import { Builder } from "../../src/ir/builder.js";
import type { Op, StateSlot } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { differentiate } from "../../src/transform/differentiate.js";
import { type } from "../ir/support.js";

/** A chain of `layers` stated gradients, each with a state updated from its cotangent; the operations after differentiation. */
function operationsWith(layers: number, length: number): number {
  const states = Array.from({ length: layers }, (_, i): StateSlot => ({ name: `s${i}`, type: type("p:2"), owner: "model" }));
  const slots = slotTypes({ parameters: [{ name: "w", type: type("p:2"), role: "weight" }], states, inputs: [] });
  const builder = new Builder(slots);
  const b = builder.build;
  const w = builder.add("parameter", [], { slot: "w" }) as Op;
  let x: Op = w;
  for (const state of states) {
    for (let i = 0; i < length; i++) x = b.unary("sin", x);
    const cotangent = builder.add("cotangent", [], { of: state.name, axes: w.type.axes }) as Op;
    builder.add("update", [b.mul(cotangent, x)], { slot: state.name });
    x = builder.add("attach_gradient", [b.stop(x), x, b.mul(cotangent, x)], {}) as Op;
  }
  differentiate(builder, b.sum(x, ["p"]), [w]);
  return builder.operations.length;
}

describe("stated gradients", () => {
  test("behind one another add the same number of operations each", () => {
    const [four, eight, sixteen] = [4, 8, 16].map((layers) => operationsWith(layers, 3));
    expect(sixteen! - eight!).toBe(2 * (eight! - four!));
  });

  test("may stand at the end of a chain longer than the stack is deep", () => {
    expect(operationsWith(1, 30_000)).toBeGreaterThan(60_000);
  });
});
