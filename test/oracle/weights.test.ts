/** Linear maps whose weights are normalised: the numbers of the design notes, and what the gradient must be orthogonal to. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tolerance, expectClose } from "./fixtures.js";
import { type NamedTensor, compileLayer, runLayer } from "./harness.js";

interface Vector {
  readonly op: string;
  readonly forward: readonly number[];
  readonly v?: readonly number[];
  readonly g?: number;
}
const file = JSON.parse(readFileSync(new URL("fixtures/normalization_vectors.json", import.meta.url), "utf8")) as { tolerance: Tolerance; x: readonly number[]; vectors: readonly Vector[] };
const vector = (op: string) => file.vectors.find((own) => own.op === op)!;

const column = (data: readonly number[]): NamedTensor => ({ axes: ["feature", "out"], shape: [data.length, 1], data });
const one = (value: number): NamedTensor => ({ axes: ["out"], shape: [1], data: [value] });
/** Of which each row picks one weight. */
const identity = (size: number): NamedTensor => ({ axes: ["token", "feature"], shape: [size, size], data: Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)) });
const picked = (data: readonly number[]): NamedTensor => ({ axes: ["token", "feature"], shape: [data.length, 1], data });

describe("weight normalisation", () => {
  const { v, g, forward } = vector("weight_norm");
  const result = runLayer("use std.layers { weight_norm_linear } layer main(x) { return weight_norm_linear(x, 1, bias: false) }", {
    inputs: { x: identity(2) },
    parameters: { "weight_norm_linear.direction": column(v!), "weight_norm_linear.length": one(g!) },
    cotangent: picked([0.3, -0.8]),
  });

  test("gives the weights their length", () => expectClose("weights", result.output, picked(forward), file.tolerance));

  test("the gradient of the direction is orthogonal to it", () => {
    const gradient = result.gradients.get("weight_norm_linear.direction")!.data;
    expect(Math.hypot(...gradient)).toBeGreaterThan(0.1);
    expect(gradient[0]! * v![0]! + gradient[1]! * v![1]!).toBeCloseTo(0, 14);
  });
});

describe("weight standardisation", () => {
  const weights = (options: string, more: Readonly<Record<string, NamedTensor>> = {}) =>
    runLayer(`use std.layers { standardized_linear } layer main(x) { return standardized_linear(x, 1, bias: false${options}) }`, {
      inputs: { x: identity(4) },
      parameters: { "standardized_linear.weight": column(file.x), ...more },
    }).output;

  test("gives the weights of an output zero mean and unit deviation", () => {
    expectClose("weights", weights(""), picked(vector("weight_standardization").forward), file.tolerance);
  });

  test("scaled, with the gain of ReLU", () => {
    const strength = { "standardized_linear.strength": one(1) };
    expectClose("weights", weights(", scaled: true, gain: sqrt(2 * pi / (pi - 1))", strength), picked(vector("scaled_weight_standardization").forward), file.tolerance);
  });
});

test("mean-only batch normalisation subtracts the batch's mean, in evaluation the running one", () => {
  const batch = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [data.length, 1], data });
  const feature = (value: number): NamedTensor => ({ axes: ["feature"], shape: [1], data: [value] });
  const compiled = compileLayer("use std.norms { mean_only } layer main(x) { return mean_only(x) }", { x: batch(file.x) });
  const given = { inputs: { x: batch(file.x) }, parameters: { "mean_only.shift": feature(3) }, states: { "mean_only.running_mean": feature(0) } };
  const result = compiled.run("training", { ...given, cotangent: batch([1, 0, 0, 0]) });
  const close = { absolute: 1e-12, relative: 0 };
  expectClose("forward", result.output, batch(file.x.map((value) => value - 2.5 + 3)), close);
  expectClose("dx", result.gradients.get("x"), batch([0.75, -0.25, -0.25, -0.25]), close);
  const after = Object.fromEntries(result.statesAfter);
  expectClose("state", after["mean_only.running_mean"], feature(0.25), close);
  expectClose("evaluation", compiled.run("evaluation", { ...given, states: after }).output, batch(file.x.map((value) => value - 0.25 + 3)), close);
});
