/** Definitions that use themselves: clear words, no crash, and soon. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const used = { before: "v = f(image)" };

describe("a definition that calls itself", () => {
  it.each([
    ["a function", { ...used, definitions: "function f(x) { return «f(x)» + 1 }" }],
    ["a function, deep in an expression", { ...used, definitions: `function f(x) { return ${"(1 + ".repeat(150)}«f(x)»${")".repeat(150)} }` }],
    ["a layer", { sublayers: "f", definitions: "layer f(x) { return «f(x)» }" }],
    ["a norm", { normalize: "normalize { cls, tokens: f }", definitions: "norm f(x) { return «f(x)» }" }],
    ["one through another", { ...used, definitions: "function f(x) { return «g(x)» } function g(x) { return f(x) }" }],
    ["through an argument", { ...used, definitions: "function f(x) { return f(«f(x)») }" }],
  ])("%s", (_, parts) => {
    expectDiagnostics(spec(parts), ["N0205"]);
  });

  it("a stack", () => {
    const definitions = "stack s() { groups { t } normalize { t: layer } place pre «inner» mlp(8) } layer inner(x) { e = s(t: x) return x + e }";
    expectDiagnostics(spec({ definitions, before: "v = s(t: image)" }), ["N0205"]);
  });

  it("an objective, an optimizer's helper, a schedule's helper", () => {
    expect(only(spec({ definitions: "objective o(x) { return o(x) }", loss: "loss o(encoded)" })).code).toBe("N0205");
    expect(only(spec({ definitions: "function h(x) { return h(x) } schedule s(step, steps) { return h(step) }", schedule: "schedule s" })).code).toBe("N0205");
    expect(only(spec({ definitions: "function h(x) { return h(x) } optimizer o(p, g, rate) { p <- h(p) }", optimizer: "optimizer o" })).code).toBe("N0205");
  });
});

it("is allowed where a compile-time condition ends it", () => {
  const definitions = "function power(x, n) { when n == 0 { y = 1 } otherwise { y = x * power(x, n - 1) } return y }";
  expectDiagnostics(spec({ definitions, before: "v = power(image, 5)" }), []);
});

it("says that a definition is written out where it is called", () => {
  const found = only(spec({ ...used, definitions: "function f(x) { return f(x) }" }));
  expect(found.message).toBe("`f` uses itself without end, or too deep");
  expect(found.note).toMatch(/written out where it is called/);
});

it("points from one alias to the others of the circle", () => {
  const found = only(spec({ more: "stack one = two\nstack two = three\nstack three = one" }));
  expect(found.message).toBe("`one` is defined by itself");
  expect(found.related.map(({ place }) => place.source.text.slice(place.start, place.end))).toEqual(["two", "three"]);
});

it("of recipes and models is told as well", () => {
  expectDiagnostics(spec({ more: "train «other» = other with { batch 3 }" }), ["N0205"]);
  expectDiagnostics(spec({ more: "model «other» = other with { depth = 3 }" }), ["N0205"]);
});
