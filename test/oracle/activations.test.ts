/** Activations and softmax against torch, for arguments of every size. */

import { expect, test } from "vitest";
import { type Tolerance, expectClose, fixtureNames, readFixture } from "./fixtures.js";
import { runLayer } from "./harness.js";

/**
 * Elementwise float64: a few roundings, so 1e-13 of the value. Far left, 1 + erf(x) and 1 + tanh(x) cancel and lose their
 * relative precision on both sides; with a factor of at most 40 in front, what is left is below 1e-14.
 */
const tolerance: Tolerance = { absolute: 1e-14, relative: 1e-13 };

const elementwise = ["gelu", "gelu_tanh", "relu", "silu"];
const overAnAxis = ["log_softmax", "softmax"];

test("there are fixtures of every activation", () => {
  expect(fixtureNames("activation.")).toEqual([...elementwise, ...overAnAxis].sort().map((kind) => `activation.${kind}`));
});

test.each([...elementwise, ...overAnAxis])("%s: value and gradient", (kind) => {
  const { inputs, outputs, gradients } = readFixture(`activation.${kind}`);
  const spec = `layer main(x) { return ${overAnAxis.includes(kind) ? `${kind}(x over entry)` : `${kind}(x)`} }`;
  const result = runLayer(spec, { inputs: { x: inputs["x"]! }, cotangent: inputs["cotangent"]! });
  expectClose("output", result.output, outputs["y"]!, tolerance);
  expectClose("gradient", result.gradients.get("x"), gradients!["x"]!, tolerance);
});

test.each(elementwise)("%s: derivative", (kind) => {
  const { inputs, outputs } = readFixture(`activation.${kind}`);
  const result = runLayer(`layer main(x) { return ${kind}(x) }`, { inputs: { x: inputs["x"]! } });
  expectClose("derivative", result.gradients.get("x"), outputs["derivative"]!, tolerance);
});
