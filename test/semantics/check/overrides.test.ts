/** Overrides of the policy at sites that a path names. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, landed, only, spec } from "./harness.js";

const parts = { place: "place sandwich normalize", sublayers: "attention(heads: 2) mlp(8)" };

/** The sites where `cls` has another norm than the stack's. */
function sites(overrides: string, own: Parameters<typeof spec>[0] = parts): string[] {
  return landed(compiled(spec({ ...own, overrides }))).flatMap((line) => (line.includes(": cls -> ") ? [line.replace(/^encoder\.|: .*$/g, "")] : []));
}

it("names every site as the stack's text has it", () => {
  expect(landed(compiled(spec(parts))).map((line) => line.replace(/: .*/, ""))).toEqual([
    "encoder.initial",
    "encoder.0.attention.before", "encoder.0.attention.after", "encoder.0.mlp.before", "encoder.0.mlp.after",
    "encoder.1.attention.before", "encoder.1.attention.after", "encoder.1.mlp.before", "encoder.1.mlp.after",
    "encoder.final",
  ]);
});

describe("a path leads to", () => {
  it.each([
    ["first", ["initial"]],
    ["last", ["final"]],
    ["initial", ["initial"]],
    ["final", ["final"]],
    ["mlp.before", ["0.mlp.before", "1.mlp.before"]],
    ["1.attention.after", ["1.attention.after"]],
    ["*.attention.*", ["0.attention.before", "0.attention.after", "1.attention.before", "1.attention.after"]],
    ["after", ["0.attention.after", "0.mlp.after", "1.attention.after", "1.mlp.after"]],
    ["0", ["0.attention.before", "0.attention.after", "0.mlp.before", "0.mlp.after"]],
    ["0.*.before", ["0.attention.before", "0.mlp.before"]],
    ["first, 1.mlp", ["initial", "1.mlp.before", "1.mlp.after"]],
  ])("%s", (path, expected) => {
    expect(sites(`normalize at ${path} { cls: rms }`)).toEqual(expected);
  });

  it("first and last sites that are no bare `normalize`, too", () => {
    const bare = { ...parts, place: "place sandwich", end: "" };
    expect(sites("normalize at first, last { cls: rms }", bare)).toEqual(["0.attention.before", "1.mlp.after"]);
  });

  it("a site with a name of one's own", () => {
    const definitions = "placement mine(x, sublayer, norm) { return x + norm@outer(sublayer(norm@inner(x))) }";
    expect(sites("normalize at attention.inner { cls: rms }", { ...parts, definitions, place: "place mine" })).toEqual(["0.attention.inner", "1.attention.inner"]);
  });

  it("the second layer of one name", () => {
    expect(sites("normalize at mlp_2.before { cls: rms }", { place: "place pre", sublayers: "mlp(8) mlp(8)", depth: "1" })).toEqual(["0.mlp_2.before"]);
  });
});

describe("where several lead to one site", () => {
  it("the later one holds", () => {
    const recipe = compiled(spec({ ...parts, overrides: "normalize at after { cls: rms } normalize at mlp.after { cls: dyt }" }));
    expect(landed(recipe).filter((line) => line.includes("0.") && line.includes("after: cls "))).toEqual(["encoder.0.attention.after: cls -> rms", "encoder.0.mlp.after: cls -> dyt"]);
  });

  it("both hold for the groups that they mention", () => {
    const recipe = compiled(spec({ ...parts, overrides: "normalize at after { cls: rms } normalize at mlp.after { tokens: dyt }" }));
    expect(landed(recipe).filter((line) => line.startsWith("encoder.0.mlp.after"))).toEqual(["encoder.0.mlp.after: cls -> rms", "encoder.0.mlp.after: tokens -> dyt"]);
  });

  it("a sublayer's own policy holds before all", () => {
    const own = { ...parts, place: "place pre", sublayers: "mlp(8) normalized { cls: dyt }", depth: "1" };
    expect(landed(compiled(spec({ ...own, overrides: "normalize at mlp { cls: rms }" })))[0]).toBe("encoder.0.mlp.before: cls -> dyt");
  });
});

describe("a path that leads nowhere", () => {
  it.each([
    ["to no sublayer of that name", "normalize at «mpl.before» { cls: rms }", ["N0309"]],
    ["beyond the last repetition", "normalize at «2.mlp» { cls: rms }", ["N0309"]],
    ["to a site that the placement does not have", "normalize at mlp.before, «mlp.between» { cls: rms }", ["N0309"]],
    ["in two lines, both of which are told", "normalize at «3» { cls: rms } normalize at «between» { cls: rms }", ["N0309", "N0309"]],
  ])("%s", (_, overrides, said) => {
    expectDiagnostics(spec({ ...parts, overrides }), said);
  });

  it("is told with the sites that there are", () => {
    expect(only(spec({ depth: "1", overrides: "normalize at mlp { cls: rms }" })).help).toBe("its sites are `0.attention.before`, `final`");
  });

  it("is not told when a mistake kept its site from being there", () => {
    expectDiagnostics(spec({ sublayers: "«mpl»(8)", overrides: "normalize at mlp { cls: rms }" }), ["N0201"]);
  });
});
