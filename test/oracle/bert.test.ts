/** A masked language model as BERT's against torch's own encoder, in float64: outputs, and the gradients of every parameter. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Fixture, type Tolerance, expectAllClose, expectClose } from "./fixtures.js";
import { compileLayer } from "./harness.js";

const fixture = JSON.parse(readFileSync(new URL("pytorch/bert.json", import.meta.url), "utf8")) as Fixture;
/** Both sides are float64 and differ in the order of their sums. */
const tolerance: Tolerance = { absolute: 1e-12, relative: 1e-10 };

const { heads, layers, hidden, vocabulary, eps } = fixture.settings as Record<"heads" | "layers" | "hidden" | "vocabulary" | "eps", number>;
const dim = fixture.parameters["table"]!.shape[1]!;

/** The spec, with `last` as what the layer returns. */
const specOf = (last: string) => `
  use std.norms { layer }
  use std.placements { post }
  use std.layers { attention, linear, mlp }

  stack encoder() {
    groups { cls, tokens }
    normalize { cls, tokens: layer(eps: ${eps}) }
    place post
    normalize
    repeat ${layers} {
      attention(heads: ${heads})
      mlp(hidden: ${hidden})
    }
  }

  layer main(x, lengths, labels, chosen) {
    table = param[vocabulary: ${vocabulary}, feature: ${dim}] ~ normal(0.02)
    segment = param[feature: ${dim}] ~ normal(0.02)
    words = take(table, x along vocabulary)
    position = param[token: ${fixture.inputs["x"]!.shape[1]}, feature: ${dim}] ~ normal(0.02)
    embedded = (words + position + segment) where index(token) < lengths
    sequence = encoder(
      cls: slice(embedded along token, size: 1),
      tokens: slice(embedded along token, from: 1, size: size(token) - 1),
    )
    transform = linear(sequence, ${dim})
    transformed = layer(gelu(transform), eps: ${eps})
    offset = param[vocabulary: ${vocabulary}] = 0
    logits = (dot(transformed, table over feature) + offset)[vocabulary as feature]
    return ${last}
  }`;

const whole = ["x", "lengths", "labels", "chosen"];
const compiled = (last: string) => compileLayer(specOf(last), fixture.inputs, whole);
const pass = { inputs: fixture.inputs, parameters: fixture.parameters };

test("the parameters are those of torch's modules", () => {
  const own = compiled("cross_entropy(logits where chosen == 1, labels)");
  expect([...own.parameters.keys()].sort()).toEqual(Object.keys(fixture.parameters).sort());
});

test.each([["sequence", dim], ["logits", vocabulary]] as const)("%s, where there is no padding", (name, features) => {
  const tokens = fixture.inputs["x"]!.shape[1]!;
  const isToken = (index: number) => Math.floor(index / features) % tokens < fixture.inputs["lengths"]!.data[Math.floor(index / features / tokens)]!;
  const { output } = compiled(name).run("training", pass);
  expect(output.axes).toEqual(["batch", "token", "feature"]);
  expectClose(name, output, fixture.outputs[name]!, tolerance, isToken);
});

test("the loss of the chosen positions, and its gradients", () => {
  const { output, gradients } = compiled("cross_entropy(logits where chosen == 1, labels)").run("training", pass);
  expectClose("loss", output, fixture.outputs["loss"]!, tolerance);
  expectAllClose("gradient of", gradients, fixture.gradients!, tolerance);
});
