/** Which argument goes to which parameter, and what is not called yet. */

import { describe, expect, it } from "vitest";
import { expectDiagnostics, only, spec } from "./harness.js";

const of = (call: string, definitions = "function f(a, b, c = 3) { return a + b + c }") => spec({ definitions, before: `v = ${call}` });

describe("arguments", () => {
  it.each([
    ["by position", "f(1, 2)", []],
    ["by name", "f(b: 2, a: 1)", []],
    ["by name first, the others by position", "f(b: 2, 1)", []],
    ["with a comma at the end", "f(1, 2,)", []],
    ["instead of a default", "f(1, 2, 4)", []],
    ["too many", "f(1, 2, 3, «4»)", ["N0206"]],
    ["under a name that is no parameter", "f(1, 2, «d»: 4)", ["N0206"]],
    ["the same one twice", "f(a: 1, b: 1, «a: 2»)", ["N0206"]],
    ["too few", "«f(1)»", ["N0207"]],
    ["of something that is no definition", "«pi»(1)", ["N0208"]],
    ["of something that nothing defines", "«ff»(1, 2)", ["N0201"]],
    ["that nothing defines", "f(1, «two»)", ["N0201"]],
    ["with a site's name", "f@«inner»(1, 2)", ["N0208"]],
    ["with axes that the parameter does not take", "f(1, image «over feature»)", ["N0206"]],
  ])("%s", (_, call, said) => {
    expectDiagnostics(of(call), said);
  });

  it("may rest on those before them in a default", () => {
    expectDiagnostics(of("g(image, 2)", "function g(x, scale, twice = 2 * scale) { return x * twice }"), []);
  });

  it("are told with the parameters that there are", () => {
    const found = only(of("f(1, 2, 3, 4)"));
    expect(found.related.map(({ label }) => label)).toEqual(["f(a, b, c)"]);
    expect(only(of("f(1, 2, cc: 4)")).help).toBe("a similar name exists: `c`");
  });

  it("make a callable while the first one is still open", () => {
    expectDiagnostics(of("g(f(b: 2))", "function f(a, b) { return a + b } function g(h) { return h(1) }"), []);
  });
});

describe("parameters that take axes", () => {
  it.each([
    ["one axis", "softmax(image over feature)", []],
    ["several axes", "softmax(image over token, feature)", []],
    ["all but some", "softmax(image except batch)", []],
    ["an axis that the tensor does not have", "softmax(image over «source»)", ["N0301"]],
    ["no axis", "softmax(«image»)", ["N0207"]],
    ["an axis of a number", "softmax(1 «over feature»)", ["N0208"]],
  ])("%s", (_, call, said) => {
    expectDiagnostics(of(call), said);
  });

  it("give it on under the parameter's own name", () => {
    expectDiagnostics(of("centred(image over token)", "function centred(x over axes) { return x - mean(x over axes) }"), []);
  });
});

describe("a stack is called with its groups", () => {
  it.each([
    ["all of them", "encoder(cls: learned(1), tokens: image, depth)", []],
    ["without one", "«encoder(tokens: image, depth)»", ["N0207"]],
    ["with one that it does not have", "encoder(cls: learned(1), tokens: image, «registers»: image, depth)", ["N0206"]],
    ["without its depth", "«encoder(cls: learned(1), tokens: image)»", ["N0207"]],
    ["with a number", "encoder(«cls: 1», tokens: image, depth)", ["N0208"]],
    ["with a tensor that has no tokens", "encoder(«cls: mean(image over token)», tokens: image, depth)", ["N0301"]],
    ["with whole numbers", "encoder(«cls: index(image over token)», tokens: image, depth)", ["N0303"]],
    ["with features of another width", "«encoder(cls: linear(image, 6), tokens: image, depth)»", ["N0302"]],
  ])("%s", (_, encoded, said) => {
    expectDiagnostics(spec({ encoded }), said);
  });

  it("may say how many tokens a group has", () => {
    const groups = "groups { cls: 1, tokens }";
    expectDiagnostics(spec({ groups }), []);
    expectDiagnostics(spec({ groups, encoded: "encoder(«cls: learned(2)», tokens: image, depth)" }), ["N0302"]);
  });

  it("gives a sequence whose groups are its parts", () => {
    expectDiagnostics(spec({ before: "", loss: "loss mean(encoded.cls^2) + mean(encoded.tokens^2)" }), []);
    expectDiagnostics(spec({ loss: "loss mean(encoded.«registers»^2)" }), ["N0209"]);
    expectDiagnostics(spec({ loss: "loss mean(image.«cls»^2)" }), ["N0209"]);
    expectDiagnostics(spec({ loss: "loss mean(depth.«cls»^2)" }), ["N0209"]);
  });
});

describe("what a definition must be given", () => {
  it.each([
    ["a norm takes the tensor", { definitions: "norm none_at_all() { return 1 }", normalize: "normalize { «cls, tokens: none_at_all» }" }, ["N0207"]],
    ["a placement takes three", { definitions: "placement short(x, sublayer) { return x }", place: "place short", sublayers: "«attention(heads: 2)»" }, ["N0207"]],
    ["a sublayer needs all but the first", { sublayers: "«attention»" }, ["N0207"]],
    ["a sublayer keeps the axes", { definitions: "layer lost(x) { return mean(x over feature) }", sublayers: "«lost»" }, ["N0301"]],
    ["a sublayer gives numbers", { definitions: "layer signs(x) { return x > 0 }", sublayers: "«signs»" }, ["N0303"]],
    ["a norm in a placement takes all the tokens", { definitions: "placement pooled(x, sublayer, norm) { return x + norm(mean(x over token)) }", place: "place pooled", sublayers: "«attention(heads: 2)»" }, ["N0208"]],
    ["a norm in a placement takes numbers", { definitions: "placement signs(x, sublayer, norm) { return x + norm(x > 0) }", place: "place signs", sublayers: "«attention(heads: 2)»" }, ["N0303"]],
    ["which may be whole ones", { definitions: "placement orders(x, sublayer, norm) { return x + norm(argsort(x along token)) }", place: "place orders", normalize: "normalize { cls: none, tokens: layer }" }, []],
    ["a norm in a placement takes the tokens as tokens", { definitions: "placement moved(x, sublayer, norm) { return norm(x[token as other])[other as token] }", place: "place moved", sublayers: "«attention(heads: 2)»" }, ["N0208"]],
    ["a sublayer keeps the extents", { definitions: "layer wide(x) { return linear(x, 16) }", sublayers: "«wide»" }, ["N0302"]],
  ])("%s", (_, parts, said) => {
    expectDiagnostics(spec(parts), said);
  });
});
