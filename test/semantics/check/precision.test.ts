/** The line `precision`: its words, where it may stand, and what it makes of the program. */

import { describe, expect, it } from "vitest";
import { compiled, expectDiagnostics, only, printed, spec } from "./harness.js";

describe("the line `precision`", () => {
  it.each([
    ["single", "precision single", []],
    ["mixed", "precision mixed", []],
    ["another word", "precision «half»", ["N0208"]],
    ["a number", "precision «16»", ["N0208"]],
    ["a call, told once", "precision «mixed(2)»", ["N0208"]],
    ["two of them", "precision mixed «precision single»", ["N0502"]],
  ])("takes %s", (_, settings, said) => {
    expectDiagnostics(spec({ settings }), said);
  });

  it("helps with a misspelled word, and says what the line is for", () => {
    expect(only(spec({ settings: "precision mxied" })).help).toBe("a similar name exists: `mixed`");
    expect(only(spec({ settings: "precision bfloat16" }))).toMatchObject({ message: "behind `precision` stands `single` or `mixed`", help: "leave the line out for `precision single`" });
  });

  it("may be replaced in a variant, and varied in an ablation", () => {
    const more = `train half = run with { precision mixed }
      train full = half with { precision single }
      ablation both of run { vary precision in { single, mixed } }`;
    const precisions = ["run", "half", "full"].map((recipe) => compiled(spec({ more }), recipe).recipe.precision);
    expect(precisions).toEqual(["single", "mixed", "single"]);
  });

  it("takes no name from a spec: its words and its keyword mean something else there", () => {
    const definitions = "norm mixed(x, precision = 1) { single = precision * x return single }";
    const { program } = compiled(spec({ definitions, normalize: "normalize { cls, tokens: mixed }", settings: "precision mixed" }));
    expect(program.precision).toBe("mixed");
  });

  it("does not know its words elsewhere", () => {
    expectDiagnostics(spec({ before: "v = «mixed»" }), ["N0201"]);
  });
});

describe("the program", () => {
  const single = compiled(spec());
  const mixed = compiled(spec({ settings: "precision mixed" }));
  const statesOf = ({ program }: typeof mixed) => program.states.map(({ name }) => name);

  it("and the manifest say the precision", () => {
    expect([single.program.precision, single.manifest.precision]).toEqual(["single", "single"]);
    expect([mixed.program.precision, mixed.manifest.precision]).toEqual(["mixed", "mixed"]);
  });

  it("is the same with `precision single` as without a line", () => {
    expect(printed(compiled(spec({ settings: "precision single" })))).toBe(printed(single));
  });

  it("has the scale and its count as states of the optimizer, and changes every other slot only under a condition", () => {
    const added = statesOf(mixed).filter((name) => !statesOf(single).includes(name));
    expect(added).toEqual(["loss_scale", "loss_scale.good_steps"]);
    expect(mixed.program.states.filter(({ name }) => added.includes(name)).map(({ owner, type }) => [owner, type])).toEqual(Array(2).fill(["optimizer", { dtype: "f32", axes: [] }]));
    const updates = mixed.program.entries.get("step")!.operations.filter((op) => op.kind === "update");
    const conditions = updates.filter((op) => !added.includes(op.attributes.slot)).map((op) => op.operands[0]!.kind === "select" && op.operands[0].operands[0]);
    expect(conditions).toHaveLength(updates.length - 2);
    expect(new Set(conditions).size).toBe(1);
    expect(conditions[0]).toMatchObject({ kind: "or", place: "loss_scale", phase: "update" });
  });

  it("has the same forward pass and evaluation", () => {
    const entries = ["forward", "evaluate"];
    const only = (made: typeof mixed) => entries.map((name) => made.program.entries.get(name)!.operations.length);
    expect(only(mixed)).toEqual(only(single));
  });

  it("calls the scale differently where the model has something of its name", () => {
    const made = compiled(spec({ before: "loss_scale = param[feature] = 1", encoded: "encoder(cls: learned(1), tokens: image * loss_scale, depth)", settings: "precision mixed" }));
    expect(made.program.parameters.map(({ name }) => name)).toContain("loss_scale");
    expect(statesOf(made).filter((name) => name.startsWith("loss_scale") && !name.includes("adamw"))).toEqual(["loss_scale_2", "loss_scale.good_steps"]);
  });

  it("may train nothing", () => {
    const { program } = compiled(spec({ settings: "precision mixed freeze weight, bias, norm, embedding" }));
    expect(program.entries.get("step")!.operations.filter((op) => op.kind === "update")).toHaveLength(2);
  });
});
