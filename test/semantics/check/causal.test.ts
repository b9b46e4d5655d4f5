/** Statistics over the tokens in a model that hides the future from each of them. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const sequence = { groups: "groups { tokens }", encoded: "encoder(tokens: image, depth)", loss: "loss cross_entropy(linear(mean(encoded over token), 3), label)" };
const causal = { ...sequence, sublayers: "attention(heads: 2, causal: true)" };

describe("under a causal mask", () => {
  it.each([
    ["batch norm sees the future", "«tokens: batch»", ["warning N0405"]],
    ["instance norm sees the future", "«tokens: instance»", ["warning N0405"]],
    ["layer norm sees one token", "tokens: layer", []],
    ["rms norm sees one token", "tokens: rms", []],
    ["group norm sees one token", "tokens: group(2)", []],
    ["a norm without statistics sees one token", "tokens: dyt", []],
    ["no norm sees nothing", "tokens: none", []],
  ])("%s", (_, line, said) => {
    expectDiagnostics(spec({ ...causal, normalize: `normalize { ${line} }` }), said);
  });

  it("batch norm of a group of one token sees no other token", () => {
    const parts = { sublayers: causal.sublayers, normalize: "normalize { cls: batch, tokens: layer } normalize at first { cls: layer }" };
    expectDiagnostics(spec(parts), []);
  });

  it("is told of a mask of one's own, which the message points at", () => {
    const definitions = "layer look(x) { s = dot(x, x[token as source] over feature) where index(x over token) >= index(x[token as source] over source) return dot(softmax(s over source), x[token as source] over source) }";
    const found = only(spec({ ...sequence, definitions, sublayers: "look()", normalize: "normalize { tokens: batch }" }));
    expect(found.code).toBe("N0405");
    const { place, label } = found.related[0]!;
    expect(label).toBe("what follows is hidden here");
    expect(place.source.text.slice(place.start, place.end)).toBe("index(x over token) >= index(x[token as source] over source)");
  });
});

it("is not told without a mask, or under one that only hides padding", () => {
  expectDiagnostics(spec({ ...sequence, normalize: "normalize { tokens: batch }" }), []);
  expectDiagnostics(spec({ ...sequence, normalize: "normalize { tokens: batch }", encoded: "encoder(tokens: image where index(image over token) < length, depth)", before: "input length in 5" }), []);
});

it("is not told of a stack beside the causal one", () => {
  const definitions = `stack reader() { groups { tokens } normalize { tokens: batch } place pre attention(heads: 2) normalize }`;
  expectDiagnostics(spec({ ...causal, definitions, normalize: "normalize { tokens: layer }", before: "read = reader(tokens: image)", encoded: "encoder(tokens: read + image, depth)" }), []);
});
