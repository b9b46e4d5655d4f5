/** Texts that ask for too much: they are refused, and soon. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

/** Milliseconds; ten times what the slowest case takes on a busy machine of two cores. */
const soon = 20_000;

describe("is refused:", () => {
  it.each([
    ["a very deep stack", { depth: "1e9" }, "repeat depth", "repeat «depth»"],
    ["a very deep stack of nothing", { depth: "1e9", sublayers: "" }, "repeat depth", "repeat «depth»"],
    ["a very deep stack of `none`", { depth: "1e15", normalize: "normalize { ..: none }", sublayers: "normalize" }, "repeat depth", "repeat «depth»"],
    ["repetitions inside one another", { depth: "1000", sublayers: "repeat depth { x = 1 }" }, "repeat depth { x = 1 }", "repeat «depth» { x = 1 }"],
    ["a parameter that is too large", { before: "w = param[feature: 1e12] = 0" }, "param[feature: 1e12] = 0", "«param[feature: 1e12] = 0»"],
    ["a parameter just above the limit", { before: "w = param[feature: 2 ^ 28 + 1] = 0" }, "param[feature: 2 ^ 28 + 1] = 0", "«param[feature: 2 ^ 28 + 1] = 0»"],
    ["an input that is too large", { before: "input big[wide: 1e9]" }, "input big", "input «big»"],
    ["a batch that is too large", { batch: "batch 1e8" }, "input image", "input «image»"],
    ["a layer that is too wide", { sublayers: "mlp(1e12)" }, "mlp(1e12)", "«mlp(1e12)»"],
    ["a product that is too large", { before: "v = image[token as a, feature as b] * image[token as c, feature as d] * image[token as e, feature as f] * image[token as g, feature as h] * image[token as i, feature as j] * image[token as k, feature as l]" }, /image\[token as a.*/, "«$&»"],
  ])("%s", { timeout: soon }, (_, parts, from, to) => {
    expectDiagnostics(spec(parts).replace(from, to), ["N0601"]);
  });

  it("calls that double, ninety times", { timeout: soon }, () => {
    const definitions = Array.from({ length: 90 }, (_, i) => `function f${i}(x) { return f${i + 1}(x) + f${i + 1}(x) }`).join(" ");
    expect(only(spec({ definitions: `${definitions} function f90(x) { return x }`, before: "v = f0(image)" })).code).toBe("N0601");
  });

  it("an extent beyond all whole numbers", () => {
    expectDiagnostics(spec({ before: "w = param[feature: «1e300»] = 0" }), ["N0315"]);
  });

  it("heads that are more than the features", { timeout: soon }, () => {
    expectDiagnostics(spec({ sublayers: "«attention(heads: 1e6)»" }), ["N0308"]);
  });

  it("calls that are nested too deep", { timeout: soon }, () => {
    const definitions = Array.from({ length: 150 }, (_, i) => `function f${i}(x) { return f${i + 1}(x) }`).join("\n") + "\nfunction f150(x) { return x }";
    expect(only(spec({ definitions, before: "v = f0(image)" })).message).toBe("calls are nested too deep");
  });

  it("a circle of calls inside long expressions", { timeout: soon }, () => {
    const nest = (inner: string) => `${"(1 + ".repeat(180)}${inner}${")".repeat(180)}`;
    expectDiagnostics(spec({ definitions: `function f(x) { return ${nest("g(x)")} } function g(x) { return ${nest("«f(x)»")} }`, before: "v = f(image)" }), ["N0205"]);
  });
});

describe("is not refused:", () => {
  it("a parameter at the limit", { timeout: soon }, () => {
    expectDiagnostics(spec({ before: "w = param[feature: 2 ^ 28] = 0" }), []);
  });

  it("a value that is computed step by step, very long", { timeout: soon }, () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `v${i + 1} = v${i}[token as ${i % 2 === 0 ? "other" : "token"}]`.replace("[token", i % 2 === 0 ? "[token" : "[other"));
    expectDiagnostics(spec({ before: `v0 = image ${lines.join("\n")}` }), []);
  });

  it("an initializer that squares again and again", { timeout: soon }, () => {
    const squares = Array.from({ length: 60 }, (_, i) => `a${i + 1} = a${i} * a${i}`).join(" ");
    expectDiagnostics(spec({ more: `initializer own(p) { a0 = normal_like(p) ${squares} return a60 }`, before: "w = param[feature: 8] ~ own" }), []);
  });

  it("statistics over the batch behind a deep stack", { timeout: 4 * soon }, () => {
    expectDiagnostics(spec({ depth: "150", sublayers: "mlp(2)", normalize: "normalize { cls, tokens: rms } normalize at final { ..: batch }" }), []);
  });
});
