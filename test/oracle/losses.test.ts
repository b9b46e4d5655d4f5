/** Losses against torch: values and gradients. */

import { expect, test } from "vitest";
import { type Tolerance, expectAllClose, expectClose, fixtureNames, readFixture } from "./fixtures.js";
import { runLayer } from "./harness.js";

/** Both sides are float64 and sum fewer than a hundred terms. */
const tolerance: Tolerance = { absolute: 1e-14, relative: 1e-12 };

const names = fixtureNames("loss.");

test("there are fixtures of both losses", () => {
  expect(new Set(names.map((name) => name.split(".")[1]))).toEqual(new Set(["cross_entropy", "mean_squared_error"]));
});

test.each(names)("%s", (name) => {
  const { settings, inputs, outputs, gradients } = readFixture(name);
  const spec = name.startsWith("loss.cross_entropy")
    ? `layer main(logits, labels) { return cross_entropy(logits[class as feature], labels, smoothing: ${settings["labelSmoothing"] as number}) }`
    : "layer main(prediction, target) { return squared_error(prediction, target) }";
  const { cotangent, ...given } = inputs;
  const result = runLayer(spec, { inputs: given, cotangent: cotangent! });
  expectClose("loss", result.output, outputs["loss"]!, tolerance);
  expectAllClose("gradient of", result.gradients, gradients!, tolerance);
});
