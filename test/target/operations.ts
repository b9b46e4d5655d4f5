/** Every operation of the IR in every layout, for the tests of targets that print kernels. */

import { expect, test } from "vitest";
import type { BinaryKind, Build, UnaryKind } from "../../src/ir/builder.js";
import type { Tensor } from "../../src/ir/definition.js";
import { operationKinds } from "../../src/ir/ops/index.js";
import type { Op, OpKind } from "../../src/ir/program.js";
import type { DType } from "../../src/ir/types.js";
import { tensor, type } from "../ir/support.js";
import { type Case, caseOf, random, testCases, truths, wholes } from "./cases.js";
import type { Tolerance } from "./compare.js";
import type { RunStep } from "./run.js";

/** Layouts and extents that kernels treat differently: single numbers, extents of 1, odd ones, multiples of four, many rows. */
const layouts = ["", "p:1", "p:7", "p:8", "p:3 q:5", "q:5 p:3", "p:1 q:6", "p:4 q:8", "r:2 p:3 q:4", "p:3 s:67 q:5"];
const pairs: readonly (readonly [string, string])[] = [
  ["", ""], ["p:7", ""], ["", "p:8"], ["p:3", "q:5"], ["p:3 q:5", "q:5 p:3"], ["p:3 q:8", "q:8"], ["p:4 q:8", "p:4"], ["p:1 q:6", "q:6 p:1"],
  ["r:2 p:3 q:4", "q:4 r:2"], ["p:3 s:67 q:5", "q:5 p:3 s:67"],
];

const floats = (data: readonly number[], axis = "p") => tensor(`${axis}:${data.length}`, data.map(Math.fround));
const integers = (data: readonly number[], axis = "p") => tensor(`${axis}:${data.length}`, data, "i32");
const both = (...data: readonly number[]) => data.flatMap((value) => [value, -value]);
const special = [NaN, ...both(Infinity, 0, 1, 0.5, 1.5, 1e-30, 1e30, 3e38, 7)];
/** Those of which sines are of use. */
const small = special.filter((value) => !(Math.abs(value) > 1000) || !Number.isFinite(value));
const turns = both(1e-8, 1e-3, 0.1, Math.PI / 2, Math.PI, 3 * Math.PI, 30, 100, 196);
const edges = [-(2 ** 31), 1 - 2 ** 31, -65_537, -7, -1, 0, 1, 3, 65_536, 2 ** 31 - 1];

/** @param wide the tolerance for special values and `own`, where it is another one. */
function unary(kind: UnaryKind, tolerance: Tolerance, own: readonly number[], wide = tolerance, values = special): readonly Case[] {
  return [...layouts.map((one) => caseOf(kind, [random(one)], {}, tolerance)), caseOf(kind, [floats([...values, ...own])], {}, wide)];
}

function binary(kind: BinaryKind, tolerance: Tolerance, own: readonly number[] = special, domain: (tensor: Tensor) => Tensor = (of) => of): readonly Case[] {
  return [
    ...pairs.map((axes) => caseOf(kind, axes.map((one) => domain(random(one))), {}, tolerance)),
    caseOf(kind, [floats(own), floats(own, "q")], {}, tolerance),
  ];
}

/** A first operand that is NaN is the result; of a second one that only holds where the first is a constant. */
function extremes(kind: "max" | "min"): readonly Case[] {
  const [, ...numbers] = special;
  return [
    ...binary(kind, {}, numbers),
    caseOf(kind, [floats(special), floats(numbers, "q")], {}),
    { title: `${kind} of a constant`, operands: [floats(special)], build: ({ build: b }, [x]) => b.binary(kind, b.constant(0.5), x!) },
    { title: `${kind} with a constant`, operands: [floats(special)], build: ({ build: b }, [x]) => b.binary(kind, x!, b.constant(0.5)) },
    ofWholes(kind),
  ];
}

const ofWholes = (kind: UnaryKind | BinaryKind) => caseOf(kind, ["neg", "abs", "sign"].includes(kind) ? [integers(edges)] : [integers(edges), integers(edges, "q")], {});
const rounded = ({ type, data }: Tensor): Tensor => ({ type, data: data.map(Math.round) });
const positive = ({ type, data }: Tensor): Tensor => ({ type, data: data.map(Math.abs) });

const axes = (text: string) => type(text).axes;
/** Sums of up to some hundreds of numbers near 1. */
const sums: Tolerance = { ulps: 4, absolute: 4e-6 };

function drawn(distribution: "uniform" | "normal", of: string, tolerance: Tolerance): Case {
  return { title: `${distribution} of [${of}]`, operands: [], build: (builder) => builder.add("random", [], { distribution, stream: `${distribution} ${of}`, axes: axes(of) }), tolerance };
}

function constant(value: number, dtype: DType): Case {
  return { title: `constant ${value}`, operands: [], build: ({ build: b }) => b.constant(value, dtype) };
}

/** What an operation gives times other values, alone and stored for two uses, one of which sums. */
function withRests(of: (b: Build, x: Op) => Op, own: string, ...others: readonly string[]): readonly Case[] {
  const operands = () => [own, ...others].map((one) => random(one));
  return [
    { title: `${own} with ${others.join(", ")}`, operands: operands(), build: ({ build: b }, [x, ...rest]) => rest.reduce((product, y) => b.mul(product, y), of(b, x!)), tolerance: { ulps: 2 } },
    {
      title: `${own} with ${others.join(", ")}, summed`,
      operands: operands(),
      build: ({ build: b }, [x, ...rest]) => {
        const value = of(b, b.sub(x!, b.sum(x!, [x!.type.axes[0]!.name])));
        return rest.reduce((product, y) => b.mul(product, y), b.sub(value, b.sum(value, [value.type.axes.at(-1)!.name])));
      },
      tolerance: sums,
    },
  ];
}

/** What a target promises of the operations that it does not round correctly, for numbers of normal size. */
export interface Bounds extends Readonly<Record<"exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "erf" | "div" | "pow", Tolerance>> {
  /** Of arguments up to those where the result overflows. */
  readonly wideExp: Tolerance;
  /** Sines and cosines. */
  readonly circular: Tolerance;
  readonly normal: Tolerance;
}

const casesOf = (bounds: Bounds): { readonly [K in OpKind]?: () => readonly Case[] } => ({
  neg: () => [...unary("neg", {}, []), ofWholes("neg")],
  abs: () => [...unary("abs", {}, []), ofWholes("abs")],
  sign: () => [...unary("sign", {}, []), ofWholes("sign")],
  floor: () => unary("floor", {}, both(0.999, 2.5, 8_388_607.5)),
  exp: () => unary("exp", bounds.exp, [...both(1e-8, 1e-3, 5, 20, 80, 87), 88.7, 89, -100, -103, -200], bounds.wideExp),
  log: () => unary("log", bounds.log, [1 + 2 ** -23, 1 - 2 ** -24, 0.999, 1.001, 2, 10, 1e-37]),
  sqrt: () => unary("sqrt", bounds.sqrt, [4, 2, 1e-37]),
  rsqrt: () => unary("rsqrt", bounds.rsqrt, [4, 2, 1e-37]),
  tanh: () => unary("tanh", bounds.tanh, both(1e-8, 1e-3, 0.1, 0.2499, 0.25, 0.3, 0.9, 2, 5, 9, 10, 20, 88, 100)),
  erf: () => unary("erf", bounds.erf, both(1e-8, 1e-3, 0.1, 0.3, 0.89, 0.9, 0.91, 2, 3, 3.9, 4, 5, 10, 20)),
  sin: () => unary("sin", bounds.circular, turns, bounds.circular, small),
  cos: () => unary("cos", bounds.circular, turns, bounds.circular, small),
  not: () => layouts.map((axes) => caseOf("not", [truths(axes)], {})),
  add: () => [...binary("add", {}), ofWholes("add")],
  sub: () => [...binary("sub", {}), ofWholes("sub")],
  mul: () => [...binary("mul", {}), ofWholes("mul")],
  div: () => binary("div", bounds.div),
  pow: () => binary("pow", bounds.pow, [-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 10], positive),
  max: () => extremes("max"),
  min: () => extremes("min"),
  less: () => [...binary("less", {}, special, rounded), ofWholes("less")],
  less_equal: () => [...binary("less_equal", {}, special, rounded), ofWholes("less_equal")],
  equal: () => [...binary("equal", {}, special, rounded), ofWholes("equal")],
  select: () => [
    ...pairs.map(([x, y]) => caseOf("select", [truths(x), random(y), random(x)], {})),
    ...pairs.map(([x, y]) => caseOf("select", [truths(y), wholes(x, 9), wholes(y, 9)], {})),
    caseOf("select", [truths("p:7 q:4"), truths("q:4"), truths("p:7")], {}),
    // What is not chosen has no part in the result.
    caseOf("select", [tensor("q:2", [0, 1], "bool"), floats(special), tensor("", [2])], {}),
  ],
  cast: () => [
    ...layouts.flatMap((axes) => [
      ...(["i32", "bool"] as const).map((dtype) => caseOf("cast", [rounded(random(axes))], { dtype })),
      ...(["f32", "bool"] as const).map((dtype) => caseOf("cast", [wholes(axes, 3)], { dtype })),
      ...(["f32", "i32"] as const).map((dtype) => caseOf("cast", [truths(axes)], { dtype })),
    ]),
    caseOf("cast", [floats(both(0.5, 0.999, 1.5, 2.999, 1e9))], { dtype: "i32" }),
    caseOf("cast", [integers([...edges, 16_777_217, 16_777_219])], { dtype: "f32" }),
    // Whether NaN is true is left open.
    caseOf("cast", [floats(special.slice(1))], { dtype: "bool" }),
  ],
  constant: () => [
    ...[0, -0, 0.1, -2.5, 1e-30, 3e38, 1e39, Infinity, -Infinity, NaN].map((value) => constant(value, "f32")),
    ...edges.map((value) => constant(value, "i32")),
    ...[0, 1].map((value) => constant(value, "bool")),
  ],
  random: () => [
    ...["p:1", "p:7", "p:3 q:5", "q:8 p:64", "p:3 s:67 q:5"].flatMap((own) => [drawn("uniform", own, {}), drawn("normal", own, bounds.normal)]),
    // Numbers belong to elements, not to places in memory.
    { title: "uniform, read in another layout", operands: [random("q:8 p:64")], build: (builder, [x]) => builder.build.add(builder.build.scale(x!, 0), drawn("uniform", "p:64 q:8", {}).build(builder, [])) },
    { title: "uniform, used twice", operands: [], tolerance: sums, build: (builder) => {
      const u = drawn("uniform", "p:33 q:8", {}).build(builder, []);
      return builder.build.sub(u, builder.build.sum(u, ["q"]));
    } },
  ],
  iota: () => [1, 2, 7, 8, 65, 1000].map((extent) => ({ title: `iota ${extent}`, operands: [], build: ({ build: b }) => b.iota("p", extent) })),
  broadcast: () => [
    caseOf("broadcast", [random("")], { axes: axes("p:3 q:5") }),
    caseOf("broadcast", [random("p:3")], { axes: axes("q:1 r:7") }),
    caseOf("broadcast", [wholes("p:4 q:8", 5)], { axes: axes("r:3") }),
    caseOf("broadcast", [truths("q:8")], { axes: axes("p:67") }),
  ],
  rename: () => [
    caseOf("rename", [random("p:3 q:5")], { from: ["p"], to: ["r"] }),
    caseOf("rename", [random("p:3 q:3")], { from: ["p", "q"], to: ["q", "p"] }),
    { title: "a matrix times its transpose, elementwise", operands: [random("p:7 q:7")], build: ({ build: b }, [x]) => b.mul(x!, b.rename(x!, ["p", "q"], ["q", "p"])) },
  ],
  split: () => [
    caseOf("split", [random("p:3 q:12")], { axis: "q", into: axes("q:3 r:4") }),
    caseOf("split", [random("q:12 p:3")], { axis: "q", into: axes("x:2 y:1 z:6") }),
    caseOf("split", [wholes("q:35", 9)], { axis: "q", into: axes("x:5 y:7") }),
    ...withRests((b, x) => b.split(x, "q", axes("x:3 y:4")), "p:5 q:12", "y:4", "x:3"),
  ],
  merge: () => [
    caseOf("merge", [random("p:3 q:4")], { axes: ["p", "q"], into: "r" }),
    caseOf("merge", [random("p:3 q:4")], { axes: ["q", "p"], into: "p" }),
    caseOf("merge", [random("p:3 r:5 q:4")], { axes: ["q", "p"], into: "x" }),
    caseOf("merge", [truths("p:1 r:5 q:7")], { axes: ["p", "q"], into: "x" }),
    ...withRests((b, x) => b.merge(x, ["q", "p"], "x"), "p:3 r:5 q:4", "r:5", "x:12"),
  ],
  slice: () => [
    caseOf("slice", [random("p:7")], { axis: "p", start: 2, extent: 4 }),
    caseOf("slice", [random("p:3 q:8")], { axis: "q", start: 4, extent: 4 }),
    caseOf("slice", [random("q:8 p:3")], { axis: "q", start: 7, extent: 1 }),
    caseOf("slice", [wholes("p:3 q:8", 9)], { axis: "p", start: 0, extent: 3 }),
    ...withRests((b, x) => b.slice(x, "q", 3, 5), "p:3 q:9", "q:5", "p:3"),
  ],
  pad: () => [
    caseOf("pad", [random("p:7")], { axis: "p", before: 2, after: 3 }),
    caseOf("pad", [random("p:3 q:8")], { axis: "q", before: 0, after: 4 }),
    caseOf("pad", [random("q:8 p:3")], { axis: "q", before: 1, after: 0 }),
    caseOf("pad", [wholes("p:3 q:8", 9)], { axis: "p", before: 0, after: 0 }),
    caseOf("pad", [truths("p:3 q:8")], { axis: "p", before: 2, after: 2 }),
    ...withRests((b, x) => b.pad(x, "q", 3, 5), "p:3 q:9", "q:17", "p:3"),
  ],
  concatenate: () => [
    caseOf("concatenate", [random("p:3")], { axis: "p" }),
    caseOf("concatenate", [random("p:3 q:4"), random("q:4 p:5"), random("p:1 q:4")], { axis: "p" }),
    caseOf("concatenate", [random("p:3 q:4"), random("q:5 p:3")], { axis: "q" }),
    caseOf("concatenate", [wholes("p:3", 9), wholes("p:67", 9)], { axis: "p" }),
    caseOf("concatenate", [truths("p:1"), truths("p:7")], { axis: "p" }),
    { title: "parts of what is joined", operands: [random("p:5 q:3"), random("p:2 q:3")], build: ({ build: b }, [x, y]) => b.neg(b.slice(b.concatenate([b.unary("exp", x!), y!, x!], "p"), "p", 4, 5)), tolerance: bounds.exp },
    { title: "the same part twice", operands: [random("p:5 q:3")], build: ({ build: b }, [x]) => b.concatenate([b.neg(x!), b.neg(x!)], "q") },
  ],
  take: () => [
    caseOf("take", [random("p:7"), wholes("r:5", 7)], { axis: "p" }),
    caseOf("take", [random("p:7 q:4"), wholes("r:5", 7)], { axis: "p" }),
    caseOf("take", [random("q:4 p:7"), wholes("", 7)], { axis: "p" }),
    caseOf("take", [random("q:4 p:7"), wholes("q:4 r:3", 7)], { axis: "p" }),
    caseOf("take", [random("q:4 p:7"), wholes("r:3 p:2", 7)], { axis: "p" }),
    caseOf("take", [random("s:67 p:7 q:4"), wholes("p:3 s:67", 7)], { axis: "p" }),
    caseOf("take", [wholes("p:1", 9), wholes("r:3", 1)], { axis: "p" }),
    { title: "from what is computed", operands: [random("p:7 q:4"), random("q:4"), wholes("r:5", 7)], build: ({ build: b }, [x, y, i]) => b.take(b.mul(x!, y!), i!, "p") },
    { title: "by an order", operands: [random("q:3 p:9"), random("q:3 p:9")], build: ({ build: b }, [x, y]) => b.take(y!, b.rename(b.argsort(x!, "p"), ["p"], ["r"]), "p") },
  ],
  scatter_add: () => [
    caseOf("scatter_add", [random("r:5"), wholes("r:5", 7)], { axis: { name: "p", extent: 7 }, aligned: [] }, { ulps: 4 }),
    caseOf("scatter_add", [random("r:50 q:4"), wholes("r:50", 7)], { axis: { name: "p", extent: 7 }, aligned: [] }, sums),
    caseOf("scatter_add", [random("q:4 r:50"), wholes("r:50 q:4", 7)], { axis: { name: "p", extent: 8 }, aligned: ["q"] }, sums),
    caseOf("scatter_add", [random("q:4 r:5 s:67"), wholes("s:67 r:5", 3)], { axis: { name: "p", extent: 3 }, aligned: ["s"] }, sums),
    caseOf("scatter_add", [random("p:9 r:5"), wholes("p:9", 4)], { axis: { name: "p", extent: 4 }, aligned: [] }, sums),
    caseOf("scatter_add", [random("q:4"), wholes("", 3)], { axis: { name: "p", extent: 3 }, aligned: [] }),
  ],
  argsort: () => [
    ...layouts.slice(1).map((one) => caseOf("argsort", [random(one)], { axis: "p" })),
    caseOf("argsort", [rounded(random("p:31 q:3"))], { axis: "p" }),
    caseOf("argsort", [wholes("q:3 p:31", 5)], { axis: "p" }),
    caseOf("argsort", [random("p:300")], { axis: "p" }),
  ],
  stop_gradient: () => layouts.map((one) => caseOf("stop_gradient", [random(one)], {})),
  attach_gradient: () => layouts.map((one) => ({ title: `attach_gradient of [${one}]`, operands: [random(one), random(one)], build: (builder, [x, y]) => builder.add("attach_gradient", [builder.build.neg(x!), x!, y!], {}) })),
  and: () => pairs.map((axes) => caseOf("and", axes.map(truths), {})),
  or: () => pairs.map((axes) => caseOf("or", axes.map(truths), {})),
});

/** Every case reads parameters, states and inputs; updates and sums have tests of their own. */
const elsewhere: ReadonlySet<OpKind> = new Set<OpKind>(["parameter", "state", "input", "update", "contract", "reduce_sum", "reduce_max"]);

/** Tests that all operations give what the interpreter does, within `bounds`. */
export function testOperations(bounds: Bounds, runners: Readonly<Record<string, RunStep>>): void {
  const cases = casesOf(bounds);
  test("there are cases of every operation that has a kernel", () => {
    // Differentiation leaves no cotangent, and singular values are computed for measures alone, by the interpreter.
    expect(operationKinds.filter((kind) => cases[kind] === undefined && !elsewhere.has(kind))).toEqual(["cotangent", "singular_values"]);
  });
  testCases(cases, runners);
}
