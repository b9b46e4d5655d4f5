/** Multi-head attention against torch's module: outputs and gradients, with biases, causal and padded. */

import { expect, test } from "vitest";
import { type Tolerance, expectAllClose, expectClose, fixtureNames, readFixture, renamed } from "./fixtures.js";
import { compileLayer } from "./harness.js";

/**
 * Both sides are float64 and sum in different orders; torch's own two paths differ by 1e-13. The gradient of `b_key` is
 * mathematically zero, so there the absolute part counts.
 */
const tolerance: Tolerance = { absolute: 1e-12, relative: 1e-10 };

const names = fixtureNames("attention.");

test("there are fixtures of every form of attention", () => {
  expect(names).toEqual(["attention.bias", "attention.causal", "attention.no_bias", "attention.padded"]);
});

test.each(names)("%s", (name) => {
  const fixture = readFixture(name);
  const { heads, bias, causal, padded } = fixture.settings as { heads: number; bias: boolean; causal: boolean; padded: boolean };
  const { x, lengths, cotangent } = fixture.inputs;
  const compiled = compileLayer(
    `
    use std.layers { attention }
    layer main(x${padded ? ", lengths" : ""}) {
      return attention(x${padded ? " where index(x over token) < lengths" : ""}, heads: ${heads}, bias: ${bias}, causal: ${causal})
    }`,
    padded ? { x: x!, lengths: lengths! } : { x: x! },
  );
  const own = (tensor: string) => (tensor === "x" ? tensor : `attention.${tensor}`);
  const parameters = renamed(fixture.parameters, own);
  expect([...compiled.parameters.keys()].sort()).toEqual(Object.keys(parameters).sort());

  const result = compiled.run("training", { inputs: fixture.inputs, parameters, cotangent: cotangent! });
  const [tokens, features] = x!.shape.slice(1) as [number, number];
  const isReal = (i: number) => Math.floor(i / features) % tokens < (lengths?.data[Math.floor(i / (tokens * features))] ?? tokens);
  expect(result.output.axes).toEqual(["batch", "token", "feature"]);
  // What stands at padding has no meaning.
  expectClose("output", result.output, fixture.outputs["y"]!, tolerance, isReal);
  expectAllClose("gradient of", result.gradients, renamed(fixture.gradients!, own), tolerance);
  const noise = result.gradients.get("attention.b_key")?.data ?? [];
  expect(Math.max(0, ...noise.map(Math.abs))).toBeLessThan(1e-14);
});
