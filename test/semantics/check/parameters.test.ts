/** Parameters: what they are called, how large they are, and what they are for. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, only, parameterNames, spec } from "./harness.js";

const small = { depth: "1", normalize: "normalize { cls, tokens: none }", sublayers: "still", definitions: "layer still(x) { return x }" };
/** The names of a model's parameters beside its class token. */
const names = (parts: Parameters<typeof spec>[0]) =>
  parameterNames(compiled(spec({ ...small, loss: "loss mean(encoded)", ...parts }))).filter((name) => name !== "encoder.cls.vector");

describe("a parameter is called by", () => {
  it.each([
    ["the name that its layer's result is bound to", { before: "v = linear(image, 8)" }, ["v.weight", "v.bias"]],
    ["its layer, when the result has no name of its own", { before: "v = 2 * linear(image, 8)" }, ["linear.weight", "linear.bias"]],
    ["a number behind the name, from the second on", { before: "v = linear(linear(linear(image, 8), 8), 8)" }, ["linear.weight", "linear.bias", "linear_2.weight", "linear_2.bias", "v.weight", "v.bias"]],
    ["its own name, in the model", { before: "v = param[feature: 8] = 0 w = mean(v)" , loss: "loss mean(encoded + v)" }, ["v"]],
    ["the layers around it", { definitions: `${small.definitions} layer outer(x) { inner = linear(x, 8) return inner }`, before: "v = outer(image)" }, ["v.inner.weight", "v.inner.bias"]],
    ["the layer around it, through a function", { definitions: `${small.definitions} function f(x) { y = linear(x, 8) return y }`, before: "v = f(image)" }, ["y.weight", "y.bias"]],
    ["the group that it is", { encoded: "encoder(cls: learned(1), tokens: linear(image, 8), depth)" }, ["encoder.tokens.weight", "encoder.tokens.bias"]],
  ])("%s", (_, parts, expected) => {
    expect(names(parts)).toEqual(expected);
  });

  it("its place in the stack", () => {
    const parts = { depth: "2", sublayers: "dense dense", definitions: "layer dense(x) { param w = 1 return w * x }", end: "" };
    expect(names(parts)).toEqual(["encoder.0.dense.w", "encoder.0.dense_2.w", "encoder.1.dense.w", "encoder.1.dense_2.w"]);
  });

  it("the stack, each use of which is one", () => {
    const definitions = "layer still(x) { param w = 1 return w * x }";
    const before = "first = encoder(cls: learned(1), tokens: image, depth)";
    expect(names({ definitions, before, end: "" }).filter((name) => name.endsWith(".w"))).toEqual(["encoder.0.still.w", "encoder_2.0.still.w"]);
  });

  it("a name of its own, since weights are kept by name", () => {
    const all = parameterNames(compiled(spec({ place: "place sandwich normalize", sublayers: "attention(heads: 2) attention(heads: 2) mlp(8, inner: layer)" })));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("the extent of an axis that is not written", () => {
  it.each([
    ["is that of the definition's argument", { definitions: "layer still(x) { param w[feature] = 1 return w * x }" }, []],
    ["is that of the tensor that the parameter first meets", { before: "w = param[token, feature] ~ normal v = image + w" }, []],
    ["is that of the groups beside it", { encoded: "encoder(cls: param[token: 1, feature] ~ normal, tokens: image, depth)" }, []],
    ["is unknown, when it meets nothing that has it", { before: "w = param[«wide»] ~ normal v = image + w" }, ["N0307"]],
    ["is unknown in a reduction", { before: "w = param[«feature»] ~ normal v = mean(w)" }, ["N0307"]],
    ["is unknown once, however often it is needed", { before: "w = param[«feature»] ~ normal v = mean(w) u = exp(w) + w" }, ["N0307"]],
    ["is unknown in a parameter of the standard library, which its caller sees", { before: "v = mean(«learned(1)»)" }, ["N0307"]],
    ["stays known from the first tensor on", { before: "w = param[token, feature] ~ normal v = image + w u = mean(w^2)" }, []],
    ["is unknown, when two arguments differ in it", { definitions: "layer still(x) { return x } layer two(x, y) { param w[«token»] = 1 return w * x }", before: "v = two(image, slice(image along token, size: 2))" }, ["N0307"]],
    ["cannot be two different ones", { before: "w = param[token] ~ normal v = image + w u = «w + slice(image along token, size: 2)»" }, ["N0302"]],
    ["cannot be another one in evaluation than in training", { before: "when training { w = param[token: 4] = 0 } otherwise { w = «param[token: 2] = 0» }" }, ["N0302"]],
  ])("%s", (_, parts, said) => {
    expectDiagnostics(spec({ ...small, ...parts }), said);
  });
});

describe("a parameter's declaration", () => {
  it.each([
    ["names an axis twice", "param w[feature, «feature»] = 1 return x", ["N0310"]],
    ["starts from a tensor", "param w[feature] = «mean(x)» return x", ["N0208"]],
    ["starts from an infinite number", "param w[feature] = «infinity» return x", ["N0315"]],
    ["draws by what is no initializer", "param w[feature] ~ «gelu» return x", ["N0208"]],
    ["draws by the fans of what nothing contracts", "param w[feature] ~ «xavier» return x * w", ["N0316"]],
    ["takes the name of a value", "w = 2 param «w»[feature] = 1 return x", ["N0202"]],
    ["takes the name of the layer's parameter that decides about it", "when bias { param bias[feature] = 0 y = x + bias } otherwise { y = x } return y", []],
    ["uses what nothing defines", "param w[feature: «wide»] = 1 return x", ["N0201"]],
  ])("%s", (_, body, said) => {
    expectDiagnostics(spec({ ...small, definitions: `layer still(x, bias = true) { ${body} }` }), said);
  });
});

describe("an initializer of one's own", () => {
  it.each([
    ["returns a number", "return 1", []],
    ["returns a tensor like the parameter", "return 2 * normal_like(p)", []],
    ["is called with too many arguments", "return «normal_like(p, p)»", ["N0207"]],
    ["adds an axis", "return index(p[feature as other] over other)", ["N0316"]],
    ["uses the value that it draws", "return p + 1", ["N0316"]],
    ["returns a text", 'return "one"', ["N0316"]],
    ["draws a parameter of its own", "«param q = 1» return q", ["N0210"]],
  ])("%s", (_, body, said) => {
    const at = said[0] === "N0316" ? "«mine»" : "mine";
    expectDiagnostics(spec({ ...small, more: `initializer mine(p) { ${body} }`, before: `w = param[feature: 8] ~ ${at} v = image * w` }), said);
  });
});

describe("roles", () => {
  it("follow from how the forward pass uses a parameter", () => {
    const before = "table = param[word: 9, feature: 8] ~ normal position = param[token, feature] ~ normal looked = take(table, label along word) v = image + position + looked";
    const { program } = compiled(spec({ before, encoded: "encoder(cls: learned(1), tokens: v, depth)", depth: "1" }));
    const roles = new Map(program.parameters.map(({ name, role }) => [name, role]));
    expect(["table", "position", "encoder.cls.vector", "encoder.0.attention.w_query", "encoder.0.attention.b_query", "encoder.final.cls+tokens.scale"].map((name) => roles.get(name))).toEqual([
      "embedding", "embedding", "embedding", "weight", "bias", "norm",
    ]);
  });
});

it("has a name that may stand once in the trainer's inputs", () => {
  expectDiagnostics(spec({ before: "input «step»" }), ["N0202"]);
  expectDiagnostics(spec({ before: "input «image»[token: 4]" }), ["N0202"]);
  expect(only(spec({ before: "input other[«batch»: 4]".replaceAll(/[«»]/g, "") })).code).toBe("N0310");
});
