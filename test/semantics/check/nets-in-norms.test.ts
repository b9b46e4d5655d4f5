/** Networks inside of norms: what they reduce is no statistic of the norm, but it may see the future. */

import { describe, it } from "vitest";
import { expectDiagnostics, spec } from "./harness.js";

const own = (cls: string, parts: Parameters<typeof spec>[0] = {}) =>
  spec({ normalize: `normalize { ${cls}\ntokens: layer }`, ...parts }).replace("use std.norms { batch,", "use std.norms { batch, contextual_affine, granola,");
const net = "layer net(x) { return linear(x - mean(x over token), out: size(x over feature)) }";
const gated = "norm gated(x) { y = x - mean(x over feature) return y * net(x) }";

describe("a norm with a network inside", () => {
  it.each([
    ["of attention may be given one token", own("cls: contextual_affine(heads: 2)"), []],
    ["of messages may be given one token", own("cls: granola"), []],
    ["of one's own may be given one token", own("cls: gated", { definitions: `${net}\n${gated}` }), []],
    ["erases one token by its own statistics", own("«cls: gated»", { definitions: `${net}\n${gated.replace("over feature", "over token")}` }), ["N0403"]],
  ])("%s", (_, text, said) => {
    expectDiagnostics(text, said);
  });

  it("sees the future in a causal model", () => {
    const parts = { groups: "groups { tokens }", sublayers: "attention(heads: 2, causal: true)", encoded: "encoder(tokens: image, depth)", loss: "loss cross_entropy(linear(mean(encoded over token), 3), label)" };
    expectDiagnostics(own("", { ...parts, normalize: "normalize { «tokens: granola» }" }), ["warning N0405"]);
  });

  it("does not take away the scale of what its network reads", () => {
    const decayed = { optimizer: "«optimizer adamw(decay: 0.1)»", place: "place post", depth: "1", sublayers: "mlp(hidden: 4)" };
    const quiet = { ...decayed, optimizer: decayed.optimizer.replaceAll(/[«»]/g, "") };
    const text = (norm: string, more: typeof decayed) => spec({ definitions: `${net}\n${gated}`, ...more, place: "place bare", normalize: `normalize { cls, tokens: ${norm} }`, more: "placement bare(x, sublayer, norm) { return norm(sublayer(x)) }", end: "" });
    expectDiagnostics(text("layer", decayed), ["note N0407"]);
    expectDiagnostics(text("gated", quiet), []);
  });
});
