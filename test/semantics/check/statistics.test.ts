/** Statistics over too few values: the batch, the tokens of a group, the features of a group norm. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const apart = "normalize { cls: batch, tokens: layer } normalize at first { cls: layer }";

describe("statistics over the batch", () => {
  it.each([
    ["one example in a group of one token", "batch 1", apart.replace("cls: batch", "«cls: batch»"), ["N0401"]],
    ["two examples in a group of one token", "batch 2", apart.replace("cls: batch", "«cls: batch»"), ["warning N0402"]],
    ["three examples in a group of one token", "batch 3", apart, []],
    ["one example of the four tokens", "batch 1", "normalize { cls: layer, tokens: batch }", []],
    ["one example, by a norm over the features", "batch 1", "normalize { cls, tokens: layer }", []],
    ["one example of the union of both groups", "batch 1", "normalize { cls, tokens: batch }", []],
  ])("%s", (_, batch, normalize, said) => {
    expectDiagnostics(spec({ batch, normalize }), said);
  });

  it("tells what the values are, at which site, and a larger batch as a mend", () => {
    const found = only(spec({ batch: "batch 1", normalize: apart }));
    expect(found.message).toBe("`batch` takes statistics over one value for group `cls` (batch: 1, token: 1)");
    expect(found.related.map(({ label }) => label)).toEqual(["at `encoder.1.attention.before`"]);
    expect(found.help).toMatch(/larger batch/);
  });

  it("is told of a norm inside a layer too", () => {
    const text = spec({ definitions: "layer pooled(x) { v = mean(x over token) w = «batch(v)» return x + w }", sublayers: "pooled()", batch: "batch 2" });
    expectDiagnostics(text, ["warning N0402"]);
  });

  it("is told of a model that no recipe trains, for a batch of the usual size", () => {
    const model = "model lone { input x[token: 1, feature: 8] e = two(t: x) loss mean(e.t^2) } stack two() { groups { t } normalize { «t: instance» } place pre mlp(8) }";
    expectDiagnostics(spec({ more: model }), ["N0403"]);
    expectDiagnostics(spec({ more: model.replace("«t: instance»", "t: batch") }), []);
  });
});

describe("statistics over the tokens", () => {
  it("erase a group of one token", () => {
    expectDiagnostics(spec({ normalize: "normalize { «cls: instance», tokens: layer }" }), ["N0403"]);
  });

  it("are nothing to tell of for four tokens", () => {
    expectDiagnostics(spec({ normalize: "normalize { cls: layer, tokens: instance }" }), []);
  });

  it("are nothing to tell of for a union of more than two tokens", () => {
    expectDiagnostics(spec({ normalize: "normalize { cls, tokens: instance }" }), []);
  });

  it("over two class tokens are -1 and 1", () => {
    const text = spec({ normalize: "normalize { «cls: instance», tokens: layer }", encoded: "encoder(cls: learned(2), tokens: image, depth)", loss: "loss mean(encoded.cls^2)" });
    expectDiagnostics(text, ["warning N0402"]);
  });
});

describe("group norm over 8 features", () => {
  it.each([
    ["in 3 groups, which do not divide them", "«cls, tokens: group(3)»", ["N0308"]],
    ["in 8 groups of width 1", "«cls, tokens: group(8)»", ["N0401"]],
    ["in 4 groups of width 2", "«cls, tokens: group(4)»", ["warning N0402"]],
    ["in 2 groups of width 4", "cls, tokens: group(2)", []],
    ["by the default of 8 groups", "«cls, tokens: group»", ["N0401"]],
  ])("%s", (_, line, said) => {
    expectDiagnostics(spec({ normalize: `normalize { ${line} }` }), said);
  });

  it("is told once for all its sites, and once for each policy line", () => {
    expectDiagnostics(spec({ depth: "6", normalize: "normalize { «cls: group(8)», «tokens: group(8)» }" }), ["N0401", "N0401"]);
  });

  it("speaks of the width", () => {
    expect(only(spec({ normalize: "normalize { cls, tokens: group(8) }" })).message).toContain("(channel: 1)");
    expect(only(spec({ normalize: "normalize { cls, tokens: group(4) }" })).message).toContain("(channel: 2)");
  });
});
