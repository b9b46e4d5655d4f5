/** The derivative of every operation against central differences. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Build, Builder } from "../../src/ir/builder.js";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { operationKinds, operations } from "../../src/ir/ops/index.js";
import type { Op, OpKind, Program } from "../../src/ir/program.js";
import { slotTypes } from "../../src/ir/slots.js";
import { elements } from "../../src/ir/types.js";
import { live, verify } from "../../src/ir/verify.js";
import { randomProgram } from "../ir/random-program.js";
import { centralDifferences, inLayoutOf, relativeError, type, withGradients } from "../ir/support.js";

/** Values from 0.3 to 1.7, no two alike: away from the ends of every domain and from ties. */
const positive = (i: number) => 0.3 + 1.4 * ((0.123 + i * 0.6180339887) % 1);
/** The same, of either sign. */
const signed = (i: number) => (i % 2 === 0 ? positive(i) : -positive(i));

interface Case {
  readonly kind: OpKind;
  /** The types of the parameters that the operation is made of. */
  readonly of: readonly string[];
  readonly make: (b: Build, parameters: readonly Op[]) => Op;
  readonly values?: (i: number) => number;
  /** Indices and masks: the inputs `i0` and `m0`. */
  readonly indices?: readonly [axes: string, data: readonly number[]];
  readonly mask?: readonly [axes: string, data: readonly number[]];
}

const shapes = ["", "p:3", "p:2 q:3", "r:1 q:2 p:2"];
const pairs = [
  ["p:2 q:3", "p:2 q:3"],
  ["p:2 q:3", "q:3"],
  ["q:3", "p:2 q:3"],
  ["p:2 q:3", "p:2"],
  ["p:2 q:3", "q:3 p:2"],
  ["p:2", "q:3"],
  ["p:2 q:3", ""],
  ["", "q:3"],
  ["p:2 q:3 r:2", "r:2 p:2"],
];

const unary = (kinds: readonly ("neg" | "exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "sin" | "cos" | "abs")[], values: (i: number) => number) =>
  kinds.flatMap((kind) => shapes.map((shape): Case => ({ kind, of: [shape], values, make: (b, [x]) => b.unary(kind, x!) })));
const binary = (kinds: readonly ("add" | "sub" | "mul" | "div" | "pow" | "max" | "min")[], values: (i: number) => number) =>
  kinds.flatMap((kind) => pairs.map((of): Case => ({ kind, of, values, make: (b, [x, y]) => b.binary(kind, x!, y!) })));
const rearranged = (kind: OpKind, of: string, make: (b: Build, x: Op) => Op): Case => ({ kind, of: [of], make: (b, [x]) => make(b, x!) });
const indexed = (kind: "take" | "scatter_add", of: string, indices: Case["indices"], make: (b: Build, x: Op, index: Op) => Op): Case => ({
  kind, of: [of], indices: indices!, make: (b, [x, index]) => make(b, x!, index!),
});
const axis = (name: string, extent: number) => ({ name, extent });

const cases: readonly Case[] = [
  ...unary(["neg", "exp", "tanh", "erf", "sin", "cos", "abs"], signed),
  ...unary(["log", "sqrt", "rsqrt"], positive),
  ...binary(["add", "sub", "mul", "div", "max", "min"], signed),
  ...binary(["pow"], positive),
  // A constant exponent needs no logarithm of the base.
  ...[-1, 0, 1, 2, 3].map((exponent): Case => ({ kind: "pow", of: ["p:3"], values: signed, make: (b, [x]) => b.binary("pow", x!, b.constant(exponent)) })),
  { kind: "mul", of: ["p:2 q:2"], make: (b, [x]) => b.mul(x!, x!) },
  ...[["p:2 q:3", "p:2 q:3"], ["q:3", "p:2"], ["", "p:2 q:3"], ["q:3 p:2", "q:3"]].map((of): Case => ({
    kind: "select", of, mask: ["p:2 q:3", [1, 0, 0, 1, 1, 0]], make: (b, [x, y, mask]) => b.select(mask!, x!, y!),
  })),
  { kind: "select", of: ["p:2 q:3", "p:2 q:3"], mask: ["q:3", [1, 0, 1]], make: (b, [x, y, mask]) => b.select(mask!, x!, y!) },
  { kind: "cast", of: ["p:2"], mask: ["p:2", [1, 0]], make: (b, [x, mask]) => b.mul(x!, b.cast(mask!, "f32")) },

  rearranged("reduce_sum", "p:2 q:3", (b, x) => b.sum(x, ["q"])),
  rearranged("reduce_sum", "p:2 q:3 r:2", (b, x) => b.sum(x, ["r", "p"])),
  rearranged("reduce_max", "p:2 q:3", (b, x) => b.maximum(x, ["q"])),
  rearranged("reduce_max", "p:2 q:3 r:2", (b, x) => b.maximum(x, ["r", "p"])),
  ...([
    [["p:2 k:3", "k:3 q:2"], ["k"]],
    [["p:2 k:3", "q:2 k:3"], ["k"]],
    [["k:3", "k:3"], ["k"]],
    [["p:2 k:3", "k:3"], ["k"]],
    [["p:2 k:3 l:2", "l:2 q:2 k:3"], ["k", "l"]],
    // With shared axes as a batch, in different layouts
    [["n:2 p:2 k:3", "k:3 n:2 q:2"], ["k"]],
    [["n:2 p:2 k:3", "q:2 k:3 n:2"], []],
    [["p:2", "q:3"], []],
    [["p:2", ""], []],
  ] as const).map(([of, axes]): Case => ({ kind: "contract", of, make: (b, [x, y]) => b.contract(x!, y!, axes) })),
  { kind: "contract", of: ["p:2 k:3"], make: (b, [x]) => b.contract(x!, x!, ["k"]) },

  rearranged("broadcast", "q:3", (b, x) => b.broadcast(x, [axis("p", 2), axis("r", 2)])),
  rearranged("broadcast", "", (b, x) => b.broadcast(x, [axis("p", 2)])),
  rearranged("rename", "p:2 q:2", (b, x) => b.rename(x, ["p", "q"], ["q", "p"])),
  rearranged("rename", "p:2 q:3", (b, x) => b.rename(x, ["q"], ["r"])),
  rearranged("split", "p:4 q:2", (b, x) => b.split(x, "p", [axis("r", 2), axis("p", 2)])),
  rearranged("merge", "p:2 q:3 r:2", (b, x) => b.merge(x, ["r", "p"], "s")),
  rearranged("merge", "p:2 q:3 r:2", (b, x) => b.merge(x, ["q", "r", "p"], "q")),
  rearranged("slice", "p:2 q:4", (b, x) => b.slice(x, "q", 1, 2)),
  rearranged("slice", "p:2 q:4", (b, x) => b.slice(x, "p", 1, 1)),
  rearranged("pad", "p:2 q:2", (b, x) => b.pad(x, "q", 1, 2)),
  ...[["p:2 q:3", "p:2 q:1"], ["p:2 q:3", "q:1 p:2"], ["q:2", "q:2"]].map((of): Case => ({
    kind: "concatenate", of, make: (b, [x, y]) => b.concatenate([x!, y!, x!], "q"),
  })),

  indexed("take", "p:2 q:3", ["r:4", [2, 0, 2, 1]], (b, x, index) => b.take(x, index, "q")),
  indexed("take", "q:3 p:2", ["p:2", [2, 0]], (b, x, index) => b.take(x, index, "q")),
  indexed("take", "p:2 q:3", ["q:2 p:2", [2, 0, 1, 1]], (b, x, index) => b.take(x, index, "q")),
  indexed("take", "p:2 q:3", ["", [1]], (b, x, index) => b.take(x, index, "p")),
  indexed("scatter_add", "r:4 p:2", ["r:4", [2, 0, 2, 1]], (b, x, index) => b.scatterAdd(x, index, axis("q", 4), [])),
  indexed("scatter_add", "r:3 s:2 p:2", ["p:2 r:3", [1, 0, 1, 0, 0, 1]], (b, x, index) => b.scatterAdd(x, index, axis("q", 2), ["p"])),
  indexed("scatter_add", "p:2 r:2", ["p:2 r:2", [1, 0, 1, 1]], (b, x, index) => b.scatterAdd(x, index, axis("q", 2), ["r", "p"])),
];

/** A program whose loss weighs every element of the result differently. */
function programOf(own: Case): { program: Program; environment: Environment } {
  const inputs = [
    ...(own.indices === undefined ? [] : [{ name: "i0", type: type(own.indices[0], "i32"), data: own.indices[1] }]),
    ...(own.mask === undefined ? [] : [{ name: "m0", type: type(own.mask[0], "bool"), data: own.mask[1] }]),
  ];
  const base: Omit<Program, "entries"> = {
    name: own.kind,
    precision: "single",
    parameters: own.of.map((axes, i) => ({ name: `w${i}`, type: type(axes), role: "weight" })),
    states: [],
    inputs: inputs.map((input) => ({ name: input.name, type: input.type })),
  };
  const builder = new Builder(slotTypes(base));
  const b = builder.build;
  const operands = [
    ...base.parameters.map(({ name }) => builder.add("parameter", [], { slot: name }) as Op),
    ...inputs.map(({ name }) => builder.add("input", [], { slot: name }) as Op),
  ];
  const result = own.make(b, operands);
  const weights = builder.add("random", [], { distribution: "normal", stream: "weights", axes: result.type.axes }) as Op;
  const loss = b.sum(b.mul(result, weights), result.type.axes.map((each) => each.name));
  const forward = { name: "forward", operations: builder.operations, results: new Map([["loss", loss]]) };
  const values = own.values ?? signed;
  const slots = base.parameters.map(({ name, type: slot }, i) => {
    const data = Float64Array.from({ length: elements(slot.axes) }, (_, j) => values(17 * i + j));
    return [name, data] as const;
  });
  return {
    program: { ...base, entries: new Map([["forward", forward]]) },
    environment: { slots: new Map(slots), inputs: new Map(inputs.map(({ name, data }) => [name, Float64Array.from(data)])), seed: 1, step: 1 },
  };
}

/** The largest error of a gradient, relative to the larger of 1 and its size; of the gradient's type, the axes are checked. */
function gradientError(program: Program, environment: Environment): number {
  const full = withGradients(program);
  verify(full);
  const { results } = interpret(full.entries.get("step")!, environment);
  const errors = program.parameters.map(({ name, type: own }) => {
    const gradient = results.get(`d_${name}`)!;
    expect(gradient.type.axes.map((each) => each.name).sort()).toEqual(own.axes.map((each) => each.name).sort());
    return relativeError(inLayoutOf(gradient, own), centralDifferences(program, environment, name));
  });
  return Math.max(...errors);
}

// The error of the differences themselves is near 1e-10, see `centralDifferences`.
const bound = 1e-8;

describe("the derivative of each operation agrees with central differences", () => {
  const named = cases.map((own) => ({ kind: own.kind, types: own.of.join(" | ") + (own.indices ?? own.mask ?? [""])[0], own }));
  test.each(named)("$kind of $types", ({ own }) => {
    const { program, environment } = programOf(own);
    expect(program.entries.get("forward")!.operations.some((op) => op.kind === own.kind)).toBe(true);
    expect(gradientError(program, environment)).toBeLessThan(bound);
  });

  test("and every operation with a derivative is there", () => {
    const steering: readonly OpKind[] = ["stop_gradient", "attach_gradient"];
    const missing = operationKinds.filter(
      (kind) => operations[kind].operands !== 0 && operations[kind].derivative !== "none" && !steering.includes(kind),
    );
    expect(missing.filter((kind) => !cases.some((own) => own.kind === kind))).toEqual([]);
  });
});

describe("random programs", () => {
  test("have the derivatives of central differences within 1e-6", () => {
    fc.assert(
      fc.property(randomProgram(30), ({ program, environment }) => {
        expect(gradientError(program, environment)).toBeLessThan(1e-6);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("have all operations, and small values", () => {
    const seen = new Set<OpKind>();
    for (const { program, environment } of fc.sample(randomProgram(30), { numRuns: 500, seed: 1 })) {
      const forward = program.entries.get("forward")!;
      live(forward).forEach((op) => seen.add(op.kind));
      const { results } = interpret(forward, environment);
      for (const [name, { data }] of results) {
        if (name !== "loss") expect(data.every((value) => Math.abs(value) <= 4)).toBe(true);
      }
    }
    const steering: readonly OpKind[] = ["stop_gradient", "attach_gradient", "cotangent", "update", "singular_values"];
    expect(operationKinds.filter((kind) => !seen.has(kind) && !steering.includes(kind))).toEqual([]);
  }, 60_000);
});
