/** Weight decay on weights whose scale the norm behind them takes away. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const adamw = "«optimizer adamw(decay: 0.05)»";
const plain = adamw.replaceAll(/[«»]/g, "");

describe("a norm follows the weight", () => {
  it.each([
    ["in sandwich placement", { place: "place sandwich", optimizer: adamw }],
    ["in output placement", { place: "place output", optimizer: adamw }],
    ["by the default decay", { place: "place output", optimizer: "«optimizer adamw»" }],
    ["by plain gradient descent with decay", { place: "place output", optimizer: "«optimizer sgd(decay: 1e-4)»" }],
    ["by a line for some parameters", { place: "place output", settings: "«optimizer at weight: adamw(decay: 0.1)»" }],
    ["by an optimizer of one's own", { place: "place output", optimizer: "«optimizer plain»", more: "optimizer plain(p, g, rate, decay = 0.1) { p <- p - rate * (g + decay * p) }" }],
    ["inside a layer", { sublayers: "mlp(8, activation: same, inner: layer)", more: "function same(x) { return x }", optimizer: adamw }],
    ["of the embedding, at a norm before the first sublayer", { place: "place pre normalize", before: "patches = linear(image[feature as pixel][pixel as feature], 8)", encoded: "encoder(cls: learned(1), tokens: patches, depth)", optimizer: adamw }],
  ])("%s", (_, parts) => {
    expectDiagnostics(spec(parts), ["note N0407"]);
  });
});

describe("nothing is told", () => {
  it.each([
    ["in pre placement", { optimizer: plain }],
    ["in post placement, where the stream is added first", { place: "place post", end: "", optimizer: plain }],
    ["without decay", { place: "place sandwich", optimizer: "optimizer adamw(decay: 0)" }],
    ["when the weights have none", { place: "place sandwich", optimizer: plain, settings: "optimizer at weight: adamw(decay: 0)" }],
    ["when these weights have none", { place: "place sandwich", optimizer: plain, settings: "optimizer at attention.w_out: adamw(decay: 0)" }],
    ["when they are frozen", { place: "place sandwich", optimizer: plain, settings: "freeze w_out" }],
    ["when one group has no norm", { place: "place output", normalize: "normalize { cls: layer, tokens: none }", optimizer: plain }],
    ["when the norm takes no statistics", { place: "place output", normalize: "normalize { cls, tokens: dyt }", optimizer: plain }],
    ["when something with a scale of its own is added before", { place: "place pre normalize", before: "patches = linear(image, 8) position = param[token, feature] ~ normal", encoded: "encoder(cls: learned(1), tokens: patches + position, depth)", optimizer: plain }],
  ])("%s", (_, parts) => {
    expectDiagnostics(spec(parts), []);
  });
});

it("says which weights, and how many", () => {
  const found = only(spec({ place: "place output", depth: "3", optimizer: plain }));
  expect(found.message).toMatch(/^weight decay on `encoder.0.attention.w_out` and 2 other weights /);
});
