/** Convolutions against torch's: outputs and gradients, for kernels, strides and paddings of every kind. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectAllClose, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";

interface Case {
  readonly settings: Readonly<Record<"kernel" | "stride" | "padding" | "bias", number | boolean>>;
  readonly inputs: NamedTensors & { readonly image: NamedTensor; readonly cotangent: NamedTensor };
  readonly parameters: NamedTensors;
  readonly output: NamedTensor;
  readonly gradients: NamedTensors;
}
const { cases } = JSON.parse(readFileSync(new URL("pytorch/convolutions.json", import.meta.url), "utf8")) as { cases: readonly Case[] };

/** Both sides are float64 and sum in different orders. */
const close = { absolute: 1e-12, relative: 1e-10 };

test.each(cases)("a kernel of $settings.kernel at a stride of $settings.stride with a padding of $settings.padding", ({ settings, inputs: { image, cotangent }, parameters, output, gradients }) => {
  const options = Object.entries(settings).map(([name, value]) => `${name}: ${value}`).join(", ");
  const compiled = compileLayer(`use std.convolutions { convolution } layer main(image) { return convolution(image, ${output.shape[3]}, ${options}) }`, { image });
  expect([...compiled.parameters.keys()].sort()).toEqual(Object.keys(parameters).sort());
  const result = compiled.run("training", { inputs: { image }, parameters, cotangent });
  expectClose("output", result.output, output, close);
  expectAllClose("gradient of", result.gradients, gradients, close);
});

test("without other words the image keeps its size", () => {
  const image = cases[0]!.inputs.image;
  const compiled = compileLayer("use std.convolutions { convolution } layer main(image) { return convolution(image, 4) }", { image });
  expectClose("output", compiled.run("evaluation", { inputs: { image }, parameters: cases[0]!.parameters }).output, cases[0]!.output, close);
});
