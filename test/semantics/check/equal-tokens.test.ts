/** A class token that is the same vector in every example where batch statistics meet it: their variance is 0. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const told = ["warning N0404"];

describe("batch norm meets the class token before anything has mixed it", () => {
  it.each([
    ["at the first site", { normalize: "normalize { «cls: batch», tokens: layer }" }],
    ["at a norm of the embeddings in post-norm", { place: "place post normalize", end: "", normalize: "normalize { «cls: batch», tokens: layer }" }],
    ["after it was joined to the patches and cut out again", {
      before: "token = param[token: 1, feature: 8] ~ normal joined = concatenate(token, image along token)",
      encoded: "encoder(cls: slice(joined along token, size: 1), tokens: slice(joined along token, from: 1, size: 4), depth)",
      normalize: "normalize { «cls: batch», tokens: layer }",
    }],
    ["with a position added", {
      encoded: "encoder(cls: learned(1) + param[token: 1, feature: 8] ~ normal, tokens: image, depth)",
      normalize: "normalize { «cls: batch», tokens: layer }",
    }],
    ["broadcast to the batch", {
      before: "token = param[token: 1, feature: 8] ~ normal",
      encoded: "encoder(cls: broadcast(token, mean(image except batch, feature)), tokens: image, depth)",
      normalize: "normalize { «cls: batch», tokens: layer }",
    }],
    ["through a variant of the stack", { encoded: "sep(cls: learned(1), tokens: image, depth)", more: "stack sep = encoder with { normalize { «cls: batch», tokens: layer } }" }],
    ["at the second site, when the first sublayer mixes no tokens", {
      sublayers: "mlp(8) attention(heads: 2)",
      normalize: "normalize { «cls: batch», tokens: layer } normalize at first { cls: layer }",
    }],
  ])("%s", (_, parts) => {
    expectDiagnostics(spec(parts), told);
  });
});

describe("nothing is told", () => {
  it.each([
    ["with another norm at the first site", { normalize: "normalize { cls: batch, tokens: layer } normalize at first { cls: layer }" }],
    ["with no norm at the first site", { normalize: "normalize { cls: batch, tokens: layer } normalize at first { cls: none }" }],
    ["in post-norm, where attention has mixed it", { normalize: "normalize { cls: batch, tokens: layer }", place: "place post", end: "" }],
    ["of a norm over the union with the tokens", { normalize: "normalize { cls, tokens: batch }" }],
    ["of tokens that differ between examples", { normalize: "normalize { cls: layer, tokens: batch }" }],
    ["of two class tokens, which differ from one another", { normalize: "normalize { cls: batch, tokens: layer }", encoded: "encoder(cls: learned(2), tokens: image, depth)", loss: "loss mean(encoded.cls^2)" }],
    ["of a class token made from the example", { normalize: "normalize { cls: batch, tokens: layer }", encoded: "encoder(cls: slice(image along token, size: 1), tokens: image, depth)" }],
    ["of a class token with dropout", { normalize: "normalize { cls: batch, tokens: layer }", encoded: "encoder(cls: dropout(broadcast(token, mean(image except batch))), tokens: image, depth)", before: "token = param[token: 1, feature: 8] ~ normal" }],
    ["of a norm over the features", { normalize: "normalize { cls: rms, tokens: layer }" }],
  ])("%s", (_, parts) => {
    expectDiagnostics(spec(parts), []);
  });
});

it("names the site in its mends, which work when followed", () => {
  const parts = { sublayers: "mlp(8) attention(heads: 2)", normalize: "normalize { cls: batch, tokens: layer }" };
  const first = only(spec(parts));
  expect(first.help).toContain("`normalize at first { cls: layer }`");
  const second = only(spec({ ...parts, overrides: "normalize at first { cls: layer }" }));
  expect(second.help).toContain("`normalize at 0.attention.before { cls: none }`");
  expectDiagnostics(spec({ ...parts, overrides: "normalize at first { cls: layer } normalize at 0.attention.before { cls: none }" }), []);
  expect(second.related.map(({ label }) => label)).toEqual(["at `encoder.0.attention.before`"]);
});

it("is told beside one value only once: over one value the batch is what is wrong", () => {
  expectDiagnostics(spec({ batch: "batch 1", normalize: "normalize { «cls: batch», tokens: layer }" }), ["N0401"]);
});
