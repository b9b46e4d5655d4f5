/** Gradients of the library's layers, functions and objectives, with and without masks, by finite differences. */

import { expect, test } from "vitest";
import { readLibrary } from "../../../src/compiler/host.js";
import { type NamedTensors, compileLayer } from "../../oracle/harness.js";
import { expectGradients } from "./differences.js";
import { Draw, type Extents, tensor } from "./draw.js";

interface Case {
  /** The body of `layer main(x, …)`. */
  readonly body: string;
  readonly uses?: string;
  /** Further arguments: real tensors by their extents, whole ones as they are. */
  readonly more?: Readonly<Record<string, Extents>>;
  readonly whole?: NamedTensors;
  readonly x?: Extents;
}

const lengths = { lengths: tensor({ batch: 3 }, [4, 2, 3]) };
const valid = "x where index(x over token) < lengths";
const layers = (names: string) => `use std.layers { ${names} }`;
const norms = (names: string) => `use std.norms { ${names} }`;
const graphs = (names: string) => `use std.graphs { ${names} }`;
const labels = tensor({ batch: 3, token: 4 }, [0, 5, 3, 3, 2, 1, 0, 0, 4, 5, 1, 2]);
const target = { batch: 3, token: 4, feature: 6 };

const cases: Readonly<Record<string, Case>> = {
  "linear": { uses: layers("linear"), body: "linear(x, 5)" },
  "linear without bias": { uses: layers("linear"), body: "linear(x, 5, bias: false)" },
  "attention": { uses: layers("attention"), body: "attention(x, heads: 2)" },
  "attention without bias": { uses: layers("attention"), body: "attention(x, heads: 2, bias: false)" },
  "causal attention": { uses: layers("attention"), body: "attention(x, heads: 3, causal: true)" },
  "attention over a padded batch": { uses: layers("attention"), body: `attention(${valid}, heads: 2)`, whole: lengths },
  "causal attention over a padded batch": { uses: layers("attention"), body: `attention(${valid}, heads: 1, causal: true, bias: false)`, whole: lengths },
  "attention with a score bias": {
    uses: layers("attention"),
    body: "attention(x, heads: 2, score_bias: distance)",
    more: { distance: { head: 2, token: 4, source: 4 } },
  },
  "attention with normalised queries and keys": { uses: `${layers("attention")} ${norms("rms")}`, body: "attention(x, heads: 2, qk: rms(eps: 0.2))" },
  "attention with heads normalised together, and a norm inside": {
    uses: `${layers("attention")} ${norms("layer, rms")}`,
    body: "attention(x, heads: 2, qk: rms(eps: 0.2), qk_wide: true, inner: layer(eps: 0.2))",
  },
  "attention with normalised queries, keys and values": { uses: `${layers("attention")} ${norms("layer, rms")}`, body: "attention(x, heads: 2, qk: rms(eps: 0.2), v: layer(eps: 0.2))" },
  "attention with weights of heads": { uses: layers("attention"), body: 'attention(x, heads: 2, head_scale: "heads")' },
  "attention with weights of heads after the map": { uses: layers("attention"), body: 'attention(x, heads: 2, head_scale: "output", bias: false)' },
  "weight normalisation": { uses: layers("weight_norm_linear"), body: "weight_norm_linear(x, 5)" },
  "weight standardisation": { uses: layers("standardized_linear"), body: "standardized_linear(x, 5)" },
  "scaled weight standardisation": { uses: layers("standardized_linear"), body: "standardized_linear(x, 5, scaled: true, gain: 1.7, bias: false)" },
  "mlp with GELU": { uses: layers("mlp"), body: "mlp(x, hidden: 5, activation: gelu)" },
  "mlp with a norm inside": { uses: `${layers("mlp")} ${norms("layer")}`, body: "mlp(x, hidden: 5, inner: layer)" },
  "message passing": { uses: layers("message_passing"), body: "message_passing(x, 5)" },
  "message passing in a padded batch": { uses: layers("message_passing"), body: `message_passing(${valid}, 5)`, whole: lengths },
  "message passing along an adjacency": {
    uses: layers("message_passing"),
    body: "message_passing(x, 5, adjacency)",
    more: { adjacency: { batch: 3, token: 4, source: 4 } },
  },
  "nGPT's attention": { uses: "use std.ngpt { ngpt_attention }", body: "ngpt_attention(x, heads: 2, causal: true)" },
  "nGPT's MLP": { uses: "use std.ngpt { ngpt_mlp }", body: "ngpt_mlp(x, hidden: 5)" },
  "nGPT's embedding and logits": {
    uses: "use std.ngpt { ngpt_embed, ngpt_logits }",
    body: "ngpt_logits(x * ngpt_embed(ids, 5, 6), 3)",
    whole: { ids: tensor({ batch: 3, token: 4 }, [0, 4, 4, 1, 3, 3, 3, 3, 2, 0, 1, 4]) },
  },
  "centrality": { uses: graphs("centrality"), body: "x * centrality(ids, degrees: 5, dim: 6)", whole: { ids: tensor({ batch: 3, token: 4 }, [0, 4, 4, 1, 3, 3, 3, 3, 2, 0, 1, 4]) } },
  // The edge bias has a kink where a path is as long as 1; these draws are away from it.
  "attention with a virtual node, and biases of distances and edges": {
    uses: `${layers("attention")} ${graphs("edge_bias, spatial_bias, virtual_bias")}`,
    body: "attention(x, heads: 2, score_bias: virtual_bias(spatial_bias(ids, distances: 3, heads: 2) + edge_bias(path, heads: 2)))",
    whole: { ids: tensor({ token: 3, source: 3 }, [0, 1, 2, 1, 0, 1, 2, 1, 0]) },
    more: { path: { batch: 3, token: 3, source: 3, kind: 2 } },
  },
  "mlp with the tanh form of GELU": { uses: layers("mlp"), body: "mlp(x, hidden: 5, activation: gelu_tanh)" },
  "mlp with SiLU": { uses: layers("mlp"), body: "mlp(x, hidden: 5, activation: silu)" },
  // A kink within the step of the differences would show; these draws have none.
  "mlp with ReLU": { uses: layers("mlp"), body: "mlp(x, hidden: 5, activation: relu)" },
  "dropout": { uses: layers("dropout"), body: "dropout(x, rate: 0.4) * x" },
  "patchify": { uses: layers("patchify, linear"), body: "linear(patchify(x, 2), 3)", x: { batch: 2, row: 4, column: 6, channel: 2 } },
  "convolution": { uses: "use std.convolutions { convolution }", body: "convolution(x, 3, stride: 2)", x: { batch: 2, row: 4, column: 5, channel: 2 } },
  "learned": { body: "concatenate(x, learned(1) * slice(x along token, size: 1) along token)" },
  "embed": { body: "x * embed(ids, 5, 6)", whole: { ids: tensor({ batch: 3, token: 4 }, [0, 4, 4, 1, 3, 3, 3, 3, 2, 0, 1, 4]) } },
  "learned positions": { body: "x * learned_positions(x)" },
  "sinusoidal positions": { body: "x * (x + sinusoidal_positions(x))" },
  "positions in a grid": { body: "x * (x + sinusoidal_grid_positions(x))", x: { batch: 2, token: 4, feature: 8 } },
  "softmax of what is valid": { body: `softmax(${valid} over token)`, whole: lengths },
  "log_softmax": { body: "log_softmax(x over feature)" },
  "unit": { body: "unit(x over feature)" },
  "sigmoid and mix": { body: "mix(x, sigmoid(x), 0.3) * x" },
  "take in a random order, and back": { body: "take(x, order along token) * take(exp(x), inverse(order over token) along token)" },
  "cross_entropy": { body: "cross_entropy(x, labels)", whole: { labels } },
  "smoothed cross_entropy over a padded batch": { body: `cross_entropy(${valid}, labels, smoothing: 0.1)`, whole: { ...lengths, labels } },
  "squared_error": { body: "squared_error(x, target)", more: { target } },
  "squared_error over a padded batch": { body: `squared_error(${valid}, target)`, whole: lengths, more: { target } },
  "absolute_error over a padded batch": { body: `absolute_error(${valid}, target)`, whole: lengths, more: { target } },
  "squared_error of removed tokens": { body: "masked_squared_error(x, target, index(x over token) < lengths)", whole: lengths, more: { target } },
  "normalized_patches": { body: "normalized_patches(x)" },
  "mean_inner_product": { body: "mean_inner_product(x)" },
  "mean_squared_cosine": { body: "mean_squared_cosine(x)" },
  "alignment": { body: "alignment(x, target)", more: { target } },
  "uniformity": { body: "uniformity(x)", x: { batch: 4, feature: 3 } },
};

/** Definitions that have no gradient, are used by the others, or are checked elsewhere. */
const elsewhere = ["argmax", "accuracy", "permutation", "inverse", "mix", "sigmoid"];

test("every layer, function and objective of the library is checked", () => {
  // Measures are taken and not followed; those that losses use are among the cases all the same.
  const modules = ["layers", "convolutions", "ngpt", "graphs", "embeddings", "functions", "objectives"];
  const library = modules.map((name) => readLibrary(`std/${name}.norm`)!).join("\n");
  const defined = [...library.matchAll(/^(?:layer|function|objective) (\w+)/gm)].map((match) => match[1]!);
  const text = Object.values(cases).map(({ body }) => body).join("\n");
  expect(defined.filter((name) => !elsewhere.includes(name) && !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test.each(Object.entries(cases))("%s", (name, { body, uses = "", more = {}, whole = {}, x = { batch: 3, token: 4, feature: 6 } }) => {
  const draw = new Draw(name);
  const real = Object.fromEntries(Object.entries({ x, ...more }).map(([own, extents]) => [own, draw.normal(extents)]));
  const inputs = { ...real, ...whole };
  const order = body.includes("order") ? "order = permutation(x over token)\n" : "";
  const compiled = compileLayer(`${uses} layer main(${Object.keys(inputs).join(", ")}) {\n${order}return ${body} }`, inputs, ["ids", "labels", "lengths"]);
  const parameters = draw.slots(compiled.parameters);
  const { output } = compiled.run("training", { inputs, parameters });
  const cotangent = draw.normal(Object.fromEntries(output.axes.map((axis, i) => [axis, output.shape[i]!])));
  expectGradients(compiled, "training", { inputs, parameters, cotangent, seed: 5, step: 3 }, draw);
});
