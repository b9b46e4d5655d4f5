/** nGPT: against torch, with weights on the unit sphere, and what holds of its streams. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";
import { drawn, drawnParameters, expectTorch } from "./methods.js";

const stack = (sublayers: string) => `
  use std.placements { ngpt }
  use std.ngpt { ngpt_attention, ngpt_mlp }
  stack decoder() { groups { tokens } place ngpt
    ${sublayers} }
  layer main(x) { return decoder(tokens: x) }`;

test("a causal block, against torch", () => {
  expectTorch("ngpt", stack("ngpt_attention(heads: 2, causal: true) ngpt_mlp(hidden: 5)"));
});

const features = 6;
/** Rows of length 1. */
function unit({ axes, shape, data }: NamedTensor): NamedTensor {
  const length = (row: number) => Math.hypot(...data.slice(row * features, (row + 1) * features));
  return { axes, shape, data: data.map((value, i) => value / length(Math.floor(i / features))) as Float64Array };
}
const x = unit(drawn("x", ["batch", "token", "feature"], [2, 4, features]));
const close = { absolute: 1e-12, relative: 1e-12 };

describe("a sublayer moves the stream", () => {
  const compiled = compileLayer(stack("ngpt_mlp(hidden: 5)"), { x });
  const mlp = compileLayer("use std.ngpt { ngpt_mlp } layer main(x) { return ngpt_mlp(x, hidden: 5) }", { x });
  const result = unit(mlp.run("training", { inputs: { x }, parameters: drawnParameters(mlp, () => undefined) }).output);
  /** With the same weights in the stack. */
  const weights = Object.fromEntries(Object.entries(drawnParameters(mlp)).map(([name, value]) => [`decoder.${name}`, value]));
  const moved = (rate: number, sign = 1) => {
    const alpha = { axes: ["feature"], shape: [features], data: Array.from({ length: features }, () => (sign * rate) / (0.05 * Math.sqrt(features))) };
    const parameters: NamedTensors = { ...weights, "decoder.ngpt_mlp.alpha": alpha };
    return compiled.run("training", { inputs: { x }, parameters }).output;
  };

  test("not at all at a rate of 0", () => expectClose("output", moved(0), x, close));
  test("to its result at a rate of 1", () => expectClose("output", moved(1), result, close));
  test("between the two on the sphere, whichever sign the rate has", () => {
    const between = unit({ ...x, data: x.data.map((value, i) => value + 0.3 * (result.data[i]! - value)) });
    expectClose("output", moved(0.3), between, close);
    expectClose("output", moved(0.3, -1), between, close);
  });
});

test("queries and keys have the lengths that are learned, whatever their weights", () => {
  const compiled = compileLayer("use std.ngpt { ngpt_attention } layer main(x) { return ngpt_attention(x, heads: 2) }", { x });
  const parameters = drawnParameters(compiled);
  const scaled = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, /w_(query|key)$/.test(name) ? { ...value, data: value.data.map((own) => 7 * own) } : value]));
  const output = (given: NamedTensors) => compiled.run("training", { inputs: { x }, parameters: given }).output;
  expectClose("output", output(scaled), output(parameters), close);
});

test("logits are cosines times a learned number", () => {
  const compiled = compileLayer("use std.ngpt { ngpt_logits } layer main(x) { return ngpt_logits(x, 3) }", { x });
  // Each class looks at one feature.
  const weights = { axes: ["feature", "out"], shape: [features, 3], data: Array.from({ length: features * 3 }, (_, i) => Number(Math.floor(i / 3) === i % 3)) };
  const strength = { axes: ["out"], shape: [3], data: [1, 2, 4].map((own) => own / Math.sqrt(features)) };
  const { data } = compiled.run("training", { inputs: { x }, parameters: { "ngpt_logits.w_out": weights, "ngpt_logits.weight": strength } }).output;
  data.forEach((value, i) => expect(value).toBeCloseTo(x.data[Math.floor(i / 3) * features + (i % 3)]! * [1, 2, 4][i % 3]!, 12));
});
