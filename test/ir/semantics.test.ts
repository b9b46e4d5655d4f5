import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/ir/definition.js";
import { operationKinds } from "../../src/ir/ops/index.js";
import type { AttributesOf, OpKind } from "../../src/ir/program.js";
import { IrError, printType } from "../../src/ir/types.js";
import { nothing, run, tensor, type } from "./support.js";

interface Plain {
  readonly of: readonly Tensor[];
  /** The printed type and the elements in its layout. */
  readonly is: readonly [string, readonly number[]];
}
interface Case<K extends OpKind> extends Plain {
  readonly with?: AttributesOf[K];
}
type Cases = { readonly [K in OpKind]?: readonly Case<K>[] };

const environment = { ...nothing, slots: new Map([["w", Float64Array.of(1, 2, 3)]]), inputs: new Map([["x", Float64Array.of(4, 5)]]) };
const square = tensor("p:2 q:2", [1, 2, 3, 4]);
const wide = tensor("p:2 q:3", [1, 2, 3, 4, 5, 6]);
const truths = tensor("p:2 q:2", [0, 0, 1, 1], "bool");
const others = tensor("q:2 p:2", [0, 0, 1, 1], "bool");
const whole = (axes: string, data: readonly number[]) => tensor(axes, data, "i32");

/** An elementwise operation of the numbers of one axis. */
const each = (inputs: readonly number[][], output: readonly number[]): Plain => ({
  of: inputs.map((data) => tensor(`p:${data.length}`, data)),
  is: [`f32[p: ${output.length}]`, output],
});
const compared = (output: readonly number[]): Plain => ({
  of: [tensor("p:3", [1, 2, 3]), tensor("", [2])],
  is: ["bool[p: 3]", output],
});
const logic = (output: readonly number[]): Plain => ({ of: [truths, others], is: ["bool[p: 2, q: 2]", output] });

const cases: Cases = {
  singular_values: [
    { of: [square], with: { rows: "p", columns: "q" }, is: ["f32[value: 2]", [5.464985704219043, 0.365966190626258]] },
    // Rotated by 3-4-5; more than twice as many rows as columns are triangularised first.
    { of: [tensor("p:5 q:2", [0, 0, 1.2, -1.6, 0, 0, 0.8, 0.6, 0, 0])], with: { rows: "p", columns: "q" }, is: ["f32[value: 2]", [2, 1]] },
    { of: [tensor("p:5 q:2", [0, 0, 1.2, -1.6, 0, 0, 0.8, 0.6, 0, 0])], with: { rows: "q", columns: "p" }, is: ["f32[value: 2]", [2, 1]] },
    { of: [tensor("p:2 b:2 q:1", [3, 0, 4, -2])], with: { rows: "p", columns: "q" }, is: ["f32[b: 2, value: 1]", [5, 2]] },
    { of: [tensor("p:2 q:2", [1, 1, 1, 1])], with: { rows: "p", columns: "q" }, is: ["f32[value: 2]", [2, 0]] },
  ],
  constant: [{ of: [], with: { value: -2.5, dtype: "f32" }, is: ["f32[]", [-2.5]] }],
  iota: [{ of: [], with: { axis: { name: "p", extent: 4 } }, is: ["i32[p: 4]", [0, 1, 2, 3]] }],
  neg: [each([[1, -2]], [-1, 2])],
  exp: [each([[0, 1]], [1, Math.E])],
  log: [each([[1, Math.E]], [0, 1])],
  sqrt: [each([[4, 9]], [2, 3])],
  rsqrt: [each([[4, 16]], [0.5, 0.25])],
  tanh: [each([[0, Infinity]], [0, 1])],
  erf: [each([[0, Infinity, -Infinity]], [0, 1, -1])],
  sin: [each([[0, Math.PI / 2]], [0, 1])],
  cos: [each([[0, Math.PI]], [1, -1])],
  abs: [each([[-3, 3]], [3, 3])],
  sign: [each([[-3, 0, 3]], [-1, 0, 1])],
  floor: [each([[-1.5, 1.5]], [-2, 1])],
  not: [{ of: [truths], is: ["bool[p: 2, q: 2]", [1, 1, 0, 0]] }],
  add: [
    { of: [square, tensor("q:2", [10, 20])], is: ["f32[p: 2, q: 2]", [11, 22, 13, 24]] },
    { of: [square, tensor("q:2 p:2", [10, 20, 30, 40])], is: ["f32[p: 2, q: 2]", [11, 32, 23, 44]] },
    { of: [tensor("p:2", [1, 2]), tensor("q:2", [10, 20])], is: ["f32[p: 2, q: 2]", [11, 21, 12, 22]] },
    // The operand with the most axes gives the layout.
    { of: [tensor("q:2", [10, 20]), square], is: ["f32[p: 2, q: 2]", [11, 22, 13, 24]] },
    { of: [whole("", [2147483647]), whole("", [1])], is: ["i32[]", [-2147483648]] },
  ],
  sub: [{ of: [square, tensor("p:2", [1, 10])], is: ["f32[p: 2, q: 2]", [0, 1, -7, -6]] }],
  mul: [
    { of: [square, tensor("", [2])], is: ["f32[p: 2, q: 2]", [2, 4, 6, 8]] },
    // (2^31 − 1)² is 1 modulo 2^32, which float64 is too short for.
    { of: [whole("", [2147483647]), whole("", [2147483647])], is: ["i32[]", [1]] },
  ],
  div: [each([[1, 6], [2, 3]], [0.5, 2])],
  pow: [each([[2, 9, -2], [3, 0.5, 2]], [8, 3, 4])],
  max: [each([[1, 5], [2, 3]], [2, 5])],
  min: [each([[1, 5], [2, 3]], [1, 3])],
  less: [compared([1, 0, 0])],
  less_equal: [compared([1, 1, 0])],
  equal: [compared([0, 1, 0])],
  and: [logic([0, 0, 0, 1])],
  or: [logic([0, 1, 1, 1])],
  select: [{ of: [truths, tensor("", [7]), tensor("q:2", [8, 9])], is: ["f32[p: 2, q: 2]", [8, 9, 7, 7]] }],
  cast: [
    { of: [tensor("p:3", [-1.7, 0, 1.7])], with: { dtype: "i32" }, is: ["i32[p: 3]", [-1, 0, 1]] },
    { of: [tensor("p:3", [-1.7, 0, 1.7])], with: { dtype: "bool" }, is: ["bool[p: 3]", [1, 0, 1]] },
    { of: [truths], with: { dtype: "f32" }, is: ["f32[p: 2, q: 2]", [0, 0, 1, 1]] },
  ],
  reduce_sum: [
    { of: [wide], with: { axes: ["p"] }, is: ["f32[q: 3]", [5, 7, 9]] },
    { of: [wide], with: { axes: ["q", "p"] }, is: ["f32[]", [21]] },
    { of: [whole("p:2 q:3", [1, 2, 3, 4, 5, 6])], with: { axes: ["q"] }, is: ["i32[p: 2]", [6, 15]] },
  ],
  reduce_max: [{ of: [tensor("p:2 q:2", [-1, -2, -4, -3])], with: { axes: ["q"] }, is: ["f32[p: 2]", [-1, -3]] }],
  contract: [
    { of: [square, tensor("q:2 r:1", [10, 100])], with: { axes: ["q"] }, is: ["f32[p: 2, r: 1]", [210, 430]] },
    // The shared axis p is a batch, and leads.
    { of: [tensor("q:2 p:2", [1, 3, 2, 4]), square], with: { axes: ["q"] }, is: ["f32[p: 2]", [5, 25]] },
    { of: [tensor("q:2 p:2", [1, 3, 2, 4]), tensor("p:2 r:2", [1, 10, 100, 1000])], with: { axes: [] },
      is: ["f32[p: 2, q: 2, r: 2]", [1, 10, 2, 20, 300, 3000, 400, 4000]] },
    { of: [square, square], with: { axes: ["p", "q"] }, is: ["f32[]", [30]] },
  ],
  broadcast: [{ of: [tensor("q:2", [1, 2])], with: { axes: [{ name: "p", extent: 3 }] }, is: ["f32[p: 3, q: 2]", [1, 2, 1, 2, 1, 2]] }],
  rename: [{ of: [square], with: { from: ["p", "q"], to: ["q", "p"] }, is: ["f32[q: 2, p: 2]", [1, 2, 3, 4]] }],
  split: [{ of: [tensor("p:4 q:1", [1, 2, 3, 4])], with: { axis: "p", into: [{ name: "r", extent: 2 }, { name: "p", extent: 2 }] },
    is: ["f32[r: 2, p: 2, q: 1]", [1, 2, 3, 4]] }],
  merge: [
    { of: [wide], with: { axes: ["p", "q"], into: "r" }, is: ["f32[r: 6]", [1, 2, 3, 4, 5, 6]] },
    // The first named varies slowest, whatever the layout.
    { of: [wide], with: { axes: ["q", "p"], into: "r" }, is: ["f32[r: 6]", [1, 4, 2, 5, 3, 6]] },
    { of: [tensor("p:2 s:2 q:2", [1, 2, 3, 4, 5, 6, 7, 8])], with: { axes: ["q", "p"], into: "q" }, is: ["f32[s: 2, q: 4]", [1, 5, 2, 6, 3, 7, 4, 8]] },
  ],
  slice: [
    { of: [wide], with: { axis: "q", start: 1, extent: 2 }, is: ["f32[p: 2, q: 2]", [2, 3, 5, 6]] },
    { of: [wide], with: { axis: "p", start: 1, extent: 1 }, is: ["f32[p: 1, q: 3]", [4, 5, 6]] },
  ],
  pad: [{ of: [square], with: { axis: "q", before: 1, after: 2 }, is: ["f32[p: 2, q: 5]", [0, 1, 2, 0, 0, 0, 3, 4, 0, 0]] }],
  concatenate: [
    { of: [square, tensor("q:1 p:2", [8, 9])], with: { axis: "q" }, is: ["f32[p: 2, q: 3]", [1, 2, 8, 3, 4, 9]] },
    { of: [square, square], with: { axis: "p" }, is: ["f32[p: 4, q: 2]", [1, 2, 3, 4, 1, 2, 3, 4]] },
  ],
  take: [
    { of: [wide, whole("r:4", [2, 0, 2, 1])], with: { axis: "q" }, is: ["f32[r: 4, p: 2]", [3, 6, 1, 4, 3, 6, 2, 5]] },
    // p is aligned: each row takes its own.
    { of: [wide, whole("p:2", [2, 0])], with: { axis: "q" }, is: ["f32[p: 2]", [3, 4]] },
    // The indices' own axis q comes in place of the table's.
    { of: [wide, whole("q:2", [2, 0])], with: { axis: "q" }, is: ["f32[q: 2, p: 2]", [3, 6, 1, 4]] },
    { of: [wide, whole("", [1])], with: { axis: "p" }, is: ["f32[q: 3]", [4, 5, 6]] },
  ],
  scatter_add: [
    // Indices that repeat add up.
    { of: [tensor("r:4 p:1", [1, 2, 4, 8]), whole("r:4", [2, 0, 2, 1])], with: { axis: { name: "q", extent: 4 }, aligned: [] },
      is: ["f32[q: 4, p: 1]", [2, 8, 5, 0]] },
    { of: [tensor("p:2 r:2", [1, 2, 4, 8]), whole("p:2 r:2", [1, 1, 0, 1])], with: { axis: { name: "q", extent: 2 }, aligned: ["p"] },
      is: ["f32[p: 2, q: 2]", [0, 3, 4, 8]] },
  ],
  argsort: [
    { of: [tensor("p:5", [3, 1, 2, 1, 3])], with: { axis: "p" }, is: ["i32[p: 5]", [1, 3, 2, 0, 4]] },
    { of: [tensor("q:2 p:2", [9, 1, 2, 5])], with: { axis: "q" }, is: ["i32[q: 2, p: 2]", [1, 0, 0, 1]] },
  ],
  stop_gradient: [{ of: [square], is: ["f32[p: 2, q: 2]", [1, 2, 3, 4]] }],
  attach_gradient: [{ of: [tensor("", [5]), square, square], is: ["f32[]", [5]] }],
};

/** Kinds that read the environment or act on it have tests of their own below. */
const elsewhere: readonly OpKind[] = ["parameter", "state", "input", "random", "cotangent", "update"];

describe.each(Object.entries(cases))("%s", (kind, list) => {
  test.each(list.map((own) => ({ of: own.of.map((operand) => printType(operand.type)).join(", "), own })))("of $of", ({ own }) => {
    const found = run(kind as OpKind, own.of, (own.with ?? {}) as never);
    expect(printType(found.type)).toBe(own.is[0]);
    expect(found.data).toHaveLength(own.is[1].length);
    found.data.forEach((value, i) => expect(value).toBeCloseTo(own.is[1][i]!, 14));
  });
});

test("every operation has a case", () => {
  expect(operationKinds.filter((kind) => !(kind in cases) && !elsewhere.includes(kind))).toEqual([]);
});

test("an index outside of the axis is told", () => {
  for (const index of [3, -1]) {
    expect(() => run("take", [wide, whole("", [index])], { axis: "q" })).toThrow(IrError);
    const values = tensor("", [1]);
    expect(() => run("scatter_add", [values, whole("", [index])], { axis: { name: "q", extent: 3 }, aligned: [] })).toThrow(IrError);
  }
});

test("random numbers follow from seed, stream, step and element", () => {
  const draw = (seed: number, stream: string, step: number) =>
    run("random", [], { distribution: "normal", stream, axes: type("p:2 q:2").axes }, { ...environment, seed, step }).data;
  expect(draw(1, "a", 1)).toEqual(draw(1, "a", 1));
  for (const other of [draw(2, "a", 1), draw(1, "b", 1), draw(1, "a", 2)]) expect(other).not.toEqual(draw(1, "a", 1));
  expect(new Set(draw(1, "a", 1)).size).toBe(4);
  const uniform = run("random", [], { distribution: "uniform", stream: "a", axes: type("p:100").axes }, environment).data;
  expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
});
