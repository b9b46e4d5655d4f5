/** Policies: every group exactly once, and each norm where its line says. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, landed, only, parameterNames, spec } from "./harness.js";

describe("a policy covers every group exactly once", () => {
  it.each([
    ["a group is missing", "normalize «{ cls: layer }»", ["N0304"]],
    ["all groups are missing", "normalize «{ }»", ["N0304"]],
    ["a group stands twice, in two lines", "normalize { cls: layer, tokens: layer, «cls»: rms }", ["N0305"]],
    ["a group stands twice, in one line", "normalize { cls, tokens, «tokens»: layer }", ["N0305"]],
    ["the rest stands twice", "normalize { cls: layer, ..: layer, «..: rms» }", ["N0305"]],
    ["a group is not the stack's", "normalize { cls: layer, tokens: layer, «token»: layer }", ["N0306"]],
    ["a line names no norm", "normalize { cls: layer, tokens: «attention» }", ["N0208"]],
    ["a line names nothing", "normalize { cls: layer, tokens: «layr» }", ["N0201"]],
    ["a line names a number", "normalize { cls: layer, tokens: «3» }", ["N0208"]],
    ["there are two policies", "normalize { cls, tokens: layer } «normalize { cls, tokens: rms }»", ["N0502"]],
    ["an override leaves a group to the base", "normalize { cls, tokens: layer } normalize at first { cls: rms }", []],
    ["an override names a group that is not there", "normalize { cls, tokens: layer } normalize at first { «register»: rms }", ["N0306"]],
    ["the rest covers what no other line does", "normalize { cls: layer, ..: rms }", []],
    ["the rest covers nothing", "normalize { cls, tokens: layer, ..: rms }", []],
    ["the rest stands first", "normalize { ..: rms, cls: layer }", []],
  ])("%s", (_, normalize, said) => {
    expectDiagnostics(spec({ normalize }), said);
  });

  it("says which group lacks one, where it is declared, and what to add", () => {
    const found = only(spec({ groups: "groups { cls, registers, tokens }", normalize: "normalize { cls, tokens: layer }", encoded: "encoder(cls: learned(1), registers: learned(2), tokens: image, depth)" }));
    expect(found.message).toBe("group `registers` has no normalization policy");
    expect(found.label).toBe("covers `cls` and `tokens` only");
    expect(found.related.map(({ place, label }) => [place.source.text.slice(place.start, place.end), label])).toEqual([["registers", "declared here"]]);
    expect(found.help).toBe("add `registers: layer`, or write `..: layer` for all the rest");
  });

  it("says all groups that lack one", () => {
    expect(only(spec({ normalize: "normalize { }" })).message).toBe("groups `cls` and `tokens` have no normalization policy");
  });

  it("needs a policy at all, once there is a site", () => {
    expectDiagnostics(spec({ normalize: "", sublayers: "«attention(heads: 2)»", end: "«normalize»" }), ["N0304", "N0304"]);
    expectDiagnostics(spec({ normalize: "", sublayers: "attention(heads: 2) placed bare", end: "", more: "placement bare(x, sublayer, norm) { return x + sublayer(x) }" }), []);
  });
});

describe("one line is one norm", () => {
  const names = (normalize: string) => parameterNames(compiled(spec({ normalize, depth: "1", end: "" }))).filter((name) => name.includes("before"));

  it("shared by all its groups", () => {
    expect(names("normalize { cls, tokens: layer }")).toEqual(["encoder.0.attention.before.cls+tokens.scale", "encoder.0.attention.before.cls+tokens.shift"]);
  });

  it("apart from the norm of another line", () => {
    expect(names("normalize { cls: rms, tokens: rms }")).toEqual(["encoder.0.attention.before.cls.scale", "encoder.0.attention.before.tokens.scale"]);
  });

  it("for all the rest", () => {
    expect(names("normalize { ..: rms }")).toEqual(["encoder.0.attention.before.cls+tokens.scale"]);
  });

  it("left with the groups that no override takes away", () => {
    expect(names("normalize { cls, tokens: rms } normalize at first { cls: none }")).toEqual(["encoder.0.attention.before.tokens.scale"]);
  });

  it("of groups that are no neighbours, too", () => {
    const parts = { groups: "groups { cls, middle, tokens }", encoded: "encoder(cls: learned(1), middle: learned(2), tokens: image, depth)", depth: "1", end: "" };
    const recipe = compiled(spec({ ...parts, normalize: "normalize { cls, tokens: rms, middle: layer }" }));
    expect(landed(recipe)).toEqual(["encoder.0.attention.before: cls+tokens -> rms", "encoder.0.attention.before: middle -> layer"]);
    expect(parameterNames(recipe)).toContain("encoder.0.attention.before.cls+tokens.scale");
  });

  it("makes no parameters as `none`", () => {
    expect(names("normalize { cls, tokens: none }")).toEqual([]);
  });
});

describe("arguments of norms", () => {
  it("are written behind the tensor that the site gives", () => {
    expect(landed(compiled(spec({ normalize: "normalize { cls: layer(1e-6), tokens: group(2, eps: 1e-3) }", depth: "1", end: "" })))).toEqual([
      "encoder.0.attention.before: cls -> layer(eps: 1e-6)",
      "encoder.0.attention.before: tokens -> group(groups: 2, eps: 0.001)",
    ]);
  });

  it.each([
    ["under a name that is no parameter", "layer(«epsilon»: 1e-6)", ["N0206"]],
    ["too many", "layer(1e-6, «2»)", ["N0206"]],
    ["twice", "layer(eps: 1, «eps: 2»)", ["N0206"]],
  ])("%s", (_, norm, said) => {
    expectDiagnostics(spec({ normalize: `normalize { cls, tokens: ${norm} }` }), said);
  });
});

describe("sublayers with a placement and a policy of their own", () => {
  const parts = { sublayers: "attention(heads: 2) placed sandwich normalized { cls: rms } mlp(8) normalized { ..: dyt }", depth: "1" };

  it("have them at their own sites alone", () => {
    expect(landed(compiled(spec(parts)))).toEqual([
      "encoder.0.attention.before: cls -> rms",
      "encoder.0.attention.before: tokens -> layer",
      "encoder.0.attention.after: cls -> rms",
      "encoder.0.attention.after: tokens -> layer",
      "encoder.0.mlp.before: cls+tokens -> dyt",
      "encoder.final: cls+tokens -> layer",
    ]);
  });

  it("need no placement of the stack, but one at all", () => {
    expectDiagnostics(spec({ place: "", sublayers: "attention(heads: 2) placed pre" }), []);
    expectDiagnostics(spec({ place: "", sublayers: "«attention(heads: 2)»" }), ["N0501"]);
  });

  it("can be at fault on their own", () => {
    expectDiagnostics(spec({ sublayers: "attention(heads: 2) placed «layer» mlp(8) normalized { «register»: layer }" }), ["N0208", "N0306"]);
  });
});

describe("norms inside layers", () => {
  it("are named by the argument that they came in as", () => {
    const recipe = compiled(spec({ sublayers: "mlp(8, inner: rms)", depth: "1", end: "" }));
    expect(parameterNames(recipe).filter((name) => name.includes("inner"))).toEqual(["encoder.0.mlp.inner.scale"]);
  });

  it("may be a policy by group, where the sequence has its groups", () => {
    const recipe = compiled(spec({ definitions: "layer normed(x, inner) { return inner(x) }", sublayers: "normed(inner: { cls: rms, tokens: layer })", depth: "1", end: "" }));
    expect(parameterNames(recipe).filter((name) => name.includes("inner"))).toEqual([
      "encoder.0.normed.inner.cls.scale",
      "encoder.0.normed.inner.tokens.scale",
      "encoder.0.normed.inner.tokens.shift",
    ]);
  });

  it("have the role of norms", () => {
    const { program } = compiled(spec({ sublayers: "mlp(8, inner: layer)", depth: "1", end: "" }));
    expect(new Map(program.parameters.map(({ name, role }) => [name, role])).get("encoder.0.mlp.inner.scale")).toBe("norm");
  });
});

describe("norms of one's own", () => {
  it.each([
    ["that lose an axis", "return mean(x over feature)", ["N0301"]],
    ["that add an axis", "return x * index(x[feature as other] over other)", ["N0301"]],
    ["that give a number", "return 1", ["N0208"]],
    ["that give conditions", "return x > 0", ["N0303"]],
  ])("%s are no norms", (_, body, said) => {
    expectDiagnostics(spec({ definitions: `norm own(x) { ${body} }`, normalize: "normalize { «cls, tokens: own» }" }), said);
  });

  it("must return something, which is told at their name", () => {
    expectDiagnostics(spec({ definitions: "norm «own»(x) { y = x }", normalize: "normalize { cls, tokens: own }" }), ["N0208"]);
  });
});
