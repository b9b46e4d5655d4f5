/**
 * Wang and Isola's alignment and uniformity, and U-MAE's two terms, against values that are known without any of them: on the
 * uniform distribution of a sphere, on points placed by hand, and by sums over pairs.
 */

import { describe, expect, test } from "vitest";
import { expectGradients } from "../semantics/numerics/differences.js";
import { Draw, tensor } from "../semantics/numerics/draw.js";
import { compiledRun } from "./example-recipes.js";
import { type NamedTensor, compileLayer } from "./harness.js";

const value = (expression: string, inputs: Readonly<Record<string, NamedTensor>>) =>
  compileLayer(`layer main(${Object.keys(inputs).join(", ")}) { return ${expression} }`, inputs).loss("training", { inputs });

/** Directions that are uniform on the sphere, of various lengths. */
const directions = (name: string, batch: number, feature: number) => new Draw(name).normal({ batch, feature });

const rows = ({ shape, data }: NamedTensor) => Array.from({ length: shape[0]! }, (_, i) => Array.from(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((sum, one, i) => sum + one * b[i]!, 0);
const points = (...all: readonly (readonly number[])[]) => tensor({ batch: all.length, feature: all[0]!.length }, all.flat());

describe("uniformity", () => {
  // -2t + ln 0F1(; d/2; t^2) for t = 2, the value of the uniform distribution.
  test.each([[2, -1.575], [3, -2.0798], [8, -3.0825], [16, -3.513], [32, -3.7518]])("of the sphere in %i dimensions is %d", (d, expected) => {
    const samples = [0, 1, 2].map((i) => value("uniformity(x)", { x: directions(`sphere ${d} ${i}`, 512, d) }));
    const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
    expect(Math.abs(mean - expected), String(samples)).toBeLessThan(3e-3);
  }, 60_000);

  test("of equal vectors is 0, whatever their lengths", () => {
    expect(value("uniformity(x)", { x: points([1, 2, 2], [1, 2, 2], [2, 4, 4]) })).toBeCloseTo(0, 12);
  });

  test("of the four points on the axes of a plane is below the limit of wide features", () => {
    // Two neighbours at a squared distance of 2, and one at 4.
    const found = value("uniformity(x)", { x: points([1, 0], [0, 1], [-1, 0], [0, -1]) });
    expect(found).toBeCloseTo(Math.log((2 * Math.exp(-4) + Math.exp(-8)) / 3), 12);
    expect(found).toBeCloseTo(-4.3963, 4);
  });
});

describe("alignment", () => {
  test("of two views by hand: distances 0, 2 and the root of 2 between vectors brought to length 1", () => {
    const x = points([3, 0], [0, 2], [0, 1]);
    const y = points([5, 0], [0, -1], [4, 0]);
    expect(value("alignment(x, y)", { x, y })).toBeCloseTo((0 + 4 + 2) / 3, 12);
    expect(value("alignment(x, y, power: 1)", { x: points([0, 2], [0, 1]), y: points([0, -1], [4, 0]) })).toBeCloseTo((2 + Math.SQRT2) / 2, 12);
  });

  test("of independent directions is 2 on average, and of a view with itself 0", () => {
    const x = directions("one view", 4096, 16);
    expect(Math.abs(value("alignment(x, y)", { x, y: directions("other view", 4096, 16) }) - 2)).toBeLessThan(4 * Math.sqrt(4 / 16 / 4096));
    expect(value("alignment(x, x)", { x })).toBeCloseTo(0, 20);
  });
});

test("alignment and uniformity can be a loss", () => {
  const { program } = compiledRun(`
    use std.layers { linear }
    model views() {
      input x[feature: 4]
      input y[feature: 4]
      one = linear(x, 3)
      other = linear(y, 3)
      loss alignment(one, other)
      loss 0.5 * (uniformity(one) + uniformity(other))
    }
    train run of views { data npy("x") optimizer adamw schedule constant(peak: 1e-3) batch 4 steps 1 }`);
  expect(program.parameters.map(({ name }) => name)).toContain("other.weight");
});

test.each(["alignment(x, y)", "alignment(x, y, power: 3)", "uniformity(x)", "mean_inner_product(x + y)", "mean_squared_cosine(x * y)"])("gradients of %s", (expression) => {
  const draw = new Draw(expression);
  const inputs = { x: draw.normal({ batch: 5, token: 2, feature: 4 }), y: draw.normal({ batch: 5, token: 2, feature: 4 }) };
  expectGradients(compileLayer(`layer main(x, y) { return ${expression} }`, inputs), "training", { inputs }, draw);
});

describe("U-MAE's terms", () => {
  const x = new Draw("features").normal({ batch: 7, feature: 5 }, 1, 0.4);
  const pairs = (of: (a: readonly number[], b: readonly number[]) => number) => rows(x).flatMap((a) => rows(x).map((b) => of(a, b)));
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;

  test("the formula's is the mean of all inner products, each example's own included", () => {
    expect(value("mean_inner_product(x)", { x })).toBeCloseTo(mean(pairs(inner)), 12);
  });

  test("the code's is the mean of all squared cosines, each example's own included", () => {
    const cosine = (a: readonly number[], b: readonly number[]) => inner(a, b) / Math.sqrt(inner(a, a) * inner(b, b));
    expect(value("mean_squared_cosine(x)", { x })).toBeCloseTo(mean(pairs((a, b) => cosine(a, b) ** 2)), 12);
  });

  test.each([[256, 96], [64, 768]])("the code's of %i random directions in %i dimensions is 1 / N + (1 - 1 / N) / d", (n, d) => {
    // The variance of a squared cosine is 2 (d - 1) / (d^2 (d + 2)), and there are N (N - 1) / 2 independent ones.
    const deviation = Math.sqrt((2 * (d - 1)) / (d * d * (d + 2)) / ((n * (n - 1)) / 2));
    const found = value("mean_squared_cosine(x)", { x: directions(`directions ${n}`, n, d) });
    expect(Math.abs(found - (1 / n + (1 - 1 / n) / d))).toBeLessThan(4 * deviation);
  });

  test("examples that only fill a batch up do not count", () => {
    const keep = tensor({ batch: 7 }, [1, 1, 0, 1, 1, 0, 1]);
    const few = points(...rows(x).filter((_, i) => keep.data[i] === 1));
    for (const term of ["mean_inner_product", "mean_squared_cosine"]) {
      expect(value(`${term}(x where keep > 0)`, { x, keep })).toBeCloseTo(value(`${term}(x)`, { x: few }), 12);
    }
  });

  test("orthogonal features reach the least, 1 / d; equal ones the most; centred ones have no mean product", () => {
    const axes = points([2, 0, 0], [0, 3, 0], [0, 0, 1], [-2, 0, 0], [0, -3, 0], [0, 0, -1]);
    expect(value("mean_squared_cosine(x)", { x: axes })).toBeCloseTo(1 / 3, 12);
    expect(value("mean_inner_product(x)", { x: axes })).toBeCloseTo(0, 12);
    expect(value("mean_squared_cosine(x)", { x: points([1, 2], [1, 2]) })).toBeCloseTo(1, 12);
  });
});
