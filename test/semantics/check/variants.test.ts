/** `with`: what a variant changes, of a stack, a model and a recipe, and what it leaves alone. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, landed, parameterNames, printed, spec } from "./harness.js";

/** What landed where in `variant`, a stack derived from `encoder`, in the place of `encoder`, without the stack's own name. */
function of(variant: string, parts: Parameters<typeof spec>[0] = {}): string[] {
  const text = spec({ depth: "1", encoded: "variant(cls: learned(1), tokens: image, depth)", ...parts, more: `stack variant = ${variant} ${parts.more ?? ""}` });
  return landed(compiled(text)).map((line) => line.replace(/^\w+\./, ""));
}

describe("of a stack", () => {
  it("replaces the policy", () => {
    expect(of("encoder with { normalize { cls: rms, tokens: dyt } }")).toEqual([
      "0.attention.before: cls -> rms",
      "0.attention.before: tokens -> dyt",
      "final: cls -> rms",
      "final: tokens -> dyt",
    ]);
  });

  it("replaces the placement", () => {
    expect(of("encoder with { place sandwich }").map((line) => line.split(":")[0])).toEqual(["0.attention.before", "0.attention.after", "final"]);
  });

  it("adds overrides", () => {
    expect(of("encoder with { normalize at final { cls: none } }")).toContain("final: cls -> none");
  });

  it("replaces the overrides of its base by a policy of its own, but not by a placement", () => {
    const first = (variant: string) => of(variant, { overrides: "normalize at first { cls: rms }" })[0];
    expect(first("encoder with { normalize { ..: dyt } }")).toBe("0.attention.before: cls+tokens -> dyt");
    expect(first("encoder with { place sandwich }")).toBe("0.attention.before: cls -> rms");
    expect(first("encoder with { normalize { ..: dyt } normalize at first { cls: layer } }")).toBe("0.attention.before: cls -> layer");
  });

  it("replaces the default of a parameter", () => {
    const stack = "stack tall(depth = 1) { groups { t } normalize { t: layer } place pre repeat depth { mlp(8) } }";
    const names = (definition: string) =>
      parameterNames(compiled(spec({ encoded: "variant(t: image)", loss: "loss mean(encoded^2)", definitions: `${stack} stack variant = ${definition}` })));
    expect(names("tall")).toHaveLength(6);
    expect(names("tall with { depth = 3 }")).toHaveLength(18);
    expect(names("tall(depth: 3)")).toHaveLength(18);
    expect(names("tall with { depth = 3 } with { depth = 2 }")).toHaveLength(12);
  });

  it("rebinds a definition that its text uses", () => {
    const twice = "layer twice(x, heads) { return 2 * x }";
    const recipe = compiled(spec({ depth: "1", encoded: "variant(cls: learned(1), tokens: image, depth)", more: `${twice} stack variant = encoder with { attention = twice }` }));
    expect(parameterNames(recipe).filter((name) => name.includes("w_query"))).toEqual([]);
  });

  it("can be varied again, the last one holding", () => {
    const more = "stack other = encoder with { place sandwich normalize { ..: rms } }";
    expect(of("other with { place post }", { end: "", more })).toEqual(["0.attention.after: cls+tokens -> rms"]);
  });

  it("that changes nothing gives the same program, but for the name that it is called by", () => {
    const base = printed(compiled(spec()));
    const variant = (definition: string) => printed(compiled(spec({ encoded: "variant(cls: learned(1), tokens: image, depth)", more: `stack variant = ${definition}` })));
    expect(variant("encoder with { normalize { cls, tokens: layer } place pre }").replaceAll(/\bvariant\b/g, "encoder")).toBe(base);
    expect(variant("encoder with { place post }").replaceAll(/\bvariant\b/g, "encoder")).not.toBe(base);
  });

  it.each([
    ["a line that stacks do not have", "encoder with { «batch 3» }", ["N0210"]],
    ["a policy that leaves a group out", "encoder with { normalize «{ cls: layer }» }", ["N0304"]],
    ["a parameter that it does not have", "encoder with { «dpth» = 3 }", ["N0206"]],
    ["an argument that it does not have", "encoder(«dpth»: 3)", ["N0206"]],
    ["something that is no stack", "«attention with { heads = 3 }»", ["N0208"]],
    ["something that is no definition", "«3» with { place pre }", ["N0208"]],
    ["something that nothing defines", "«encodr» with { place pre }", ["N0201"]],
  ])("cannot be of %s", (_, variant, said) => {
    expectDiagnostics(spec({ encoded: "variant(cls: learned(1), tokens: image, depth)", more: `stack variant = ${variant}` }), said);
  });
});

describe("of a model", () => {
  it("replaces the default of a parameter", () => {
    const depths = ["classifier with { depth = 3 }", "classifier(depth: 3)", "classifier(3)"];
    for (const variant of depths) {
      const recipe = compiled(spec({ model: "variant", more: `model variant = ${variant}` }));
      expect(landed(recipe).map((line) => line.split(":")[0])).toContain("encoder.2.attention.before");
    }
  });

  it("rebinds a stack that it uses", () => {
    const recipe = compiled(spec({ model: "variant", depth: "1", more: "model variant = classifier with { encoder = encoder with { place post } }", end: "" }));
    expect(landed(recipe)).toEqual(["encoder.0.attention.after: cls+tokens -> layer"]);
  });

  it("cannot hold the lines of a stack", () => {
    expectDiagnostics(spec({ model: "variant", more: "model variant = classifier with { «place post» }" }), ["N0210"]);
  });
});

describe("of a recipe", () => {
  const variant = (text: string, parts: Parameters<typeof spec>[0] = {}) => compiled(spec({ ...parts, more: `train variant = ${text}` }), "variant");

  it("replaces its lines", () => {
    const { recipe } = variant('run with { batch 16 seed 3 steps 20 data npy("y") schedule cosine(peak: 2) optimizer sgd }');
    expect([recipe.batch, recipe.seed, recipe.steps, recipe.data.arguments[0]!.value]).toEqual([16, 3, 20, "y"]);
    expect(recipe.schedule.definition.name.name).toBe("cosine");
    expect(recipe.optimizers.map(({ optimizer }) => optimizer.definition.name.name)).toEqual(["sgd"]);
  });

  it("trains for epochs in the place of steps", () => {
    const { recipe } = variant("run with { epochs 3 }");
    expect([recipe.epochs, recipe.steps]).toEqual([3, undefined]);
  });

  it("keeps the lines that it does not have", () => {
    const { recipe } = variant("run with { batch 16 }", { settings: "seed 5 freeze w_out optimizer at norm: sgd" });
    expect([recipe.seed, recipe.frozen.length, recipe.optimizers.length]).toEqual([5, 1, 2]);
  });

  it("rebinds what its model uses, one inside the other", () => {
    const recipe = variant("run with { encoder = encoder with { place sandwich normalize { ..: rms } } }", { depth: "1" });
    expect(landed(recipe)).toEqual(["encoder.0.attention.before: cls+tokens -> rms", "encoder.0.attention.after: cls+tokens -> rms", "encoder.final: cls+tokens -> rms"]);
  });

  it("rebinds its model, and its model's parameters", () => {
    for (const text of ["run with { classifier = classifier(depth: 1) }", "run with { classifier = classifier with { depth = 1 } }", "run with { depth = 1 }"]) {
      expect(landed(variant(text))).toHaveLength(2);
    }
    expect(landed(variant("run with { depth = 1 }", { model: "classifier(depth: 2)" }))).toHaveLength(2);
  });

  it("that changes nothing gives the same program", () => {
    expect(printed(variant("run with { batch 8 encoder = encoder }"))).toBe(printed(compiled(spec())));
    expect(printed(variant("run"))).toBe(printed(compiled(spec())));
  });

  it("leaves its base alone", () => {
    const text = spec({ more: "train variant = run with { batch 16 encoder = encoder with { place post } }" });
    expect(printed(compiled(text))).toBe(printed(compiled(spec())));
  });

  it.each([
    ["epochs and steps", "run with { epochs 3 «steps 4» }", ["N0502"]],
    ["a line twice", "run with { batch 3 «batch 4» }", ["N0502"]],
    ["the lines of a stack", "run with { «place post» }", ["N0210"]],
    ["a name that nothing has", "run with { «encodr» = encoder }", ["N0206"]],
    ["something that is no recipe", "«classifier»", ["N0208"]],
    ["a number", "«5»", ["N0208"]],
  ])("cannot be of %s", (_, text, said) => {
    expectDiagnostics(spec({ more: `train variant = ${text}` }), said);
  });
});

describe("definitions by `=`", () => {
  it("take some arguments, which leave the first parameter to the call", () => {
    const recipe = compiled(spec({ definitions: "norm tight = layer(1e-6) norm tighter = tight with { eps = 1e-9 }", normalize: "normalize { cls: tight, tokens: layer }", depth: "1", end: "" }));
    expect(landed(recipe)[0]).toBe("encoder.0.attention.before: cls -> layer(eps: 1e-6)");
  });

  it.each([
    ["of another kind", "norm act = «gelu»", ["N0208"]],
    ["by itself", "norm «own» = own", ["N0205"]],
    ["by one another, told once", "stack «one» = two with { place pre } stack two = three stack three = one", ["N0205"]],
  ])("cannot be %s", (_, more, said) => {
    expectDiagnostics(spec({ more }), said);
  });
});
