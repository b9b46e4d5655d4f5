/** Recipes: the lines that they need, and the numbers and names that those may hold. */

import { describe, expect, it } from "vitest";
import { chooseRecipe } from "../../../src/compiler/compile.js";
import { check, compiled, expectDiagnostics, only, spec } from "./harness.js";

describe("a recipe needs", () => {
  it.each([
    ["data", { data: "" }, ["N0501"]],
    ["an optimizer", { optimizer: "" }, ["N0501"]],
    ["an optimizer for all that no other line takes", { optimizer: "optimizer at norm: sgd" }, ["N0501"]],
    ["a schedule", { schedule: "" }, ["N0501"]],
    ["a batch", { batch: "" }, ["N0501"]],
    ["a time", { time: "" }, ["N0501"]],
  ])("%s", (_, parts, said) => {
    expectDiagnostics(spec(parts).replace("train run", "train «run»"), said);
  });

  it("all of them, each of which is told", () => {
    expectDiagnostics(spec({ data: "", optimizer: "", schedule: "", batch: "", time: "" }).replace("train run", "train «run»"), [Array(5).fill("N0501").join(" + ")]);
  });

  it("each with what to add", () => {
    expect(only(spec({ batch: "" })).help).toBe("add `batch 128`");
  });
});

describe("a line stands once", () => {
  it.each(["data npy(\"y\")", "optimizer sgd", "schedule constant(peak: 1)", "batch 4", "steps 3"])("%s", (line) => {
    expectDiagnostics(spec({ settings: `«${line}»` }), ["N0502"]);
  });

  it("as epochs or as steps", () => {
    expectDiagnostics(spec({ time: "epochs 3 «steps 4»" }), ["N0502"]);
  });

  it("but as often as wanted with a selector", () => {
    expectDiagnostics(spec({ settings: "optimizer at norm: sgd optimizer at bias: sgd freeze w_out freeze w_query" }), []);
  });
});

describe("numbers", () => {
  it.each([
    ["batch", "batch «0»", "N0315"], ["batch", "batch «-3»", "N0315"], ["batch", "batch «2.5»", "N0308"], ["batch", "batch «1 / 0»", "N0315"],
    ["batch", "batch «0 / 0»", "N0315"], ["batch", "batch «infinity»", "N0315"], ["batch", "batch «none»", "N0208"], ["batch", "batch «\"8\"»", "N0208"],
    ["batch", "batch «1e300»", "N0315"], ["batch", "batch «eight»", "N0201"],
    ["time", "epochs «1.5»", "N0308"], ["time", "epochs «0»", "N0315"], ["time", "steps «0»", "N0315"], ["time", "steps «10%»", "N0308"], ["time", "steps «1e400»", "N0315"],
    ["settings", "«seed -1»", "N0315"], ["settings", "«seed 1.5»", "N0315"], ["settings", "«seed 2 ^ 32»", "N0315"], ["settings", "seed «true»", "N0208"],
    ["settings", "«holdout 100%»", "N0315"], ["settings", "«holdout -0.1»", "N0315"], ["settings", "holdout «1 / 0»", "N0315"],
    ["schedule", "schedule constant(peak: «1 / 0»)", "N0315"], ["optimizer", "optimizer adamw(decay: «0 / 0»)", "N0315"],
  ])("%s: %s", (part, line, code) => {
    expectDiagnostics(spec({ [part]: line }), [code]);
  });

  it.each(["0", "-1", "1.5", "none"])("a depth of %s", (depth) => {
    const code = { "0": "N0315", "-1": "N0315", "1.5": "N0308", none: "N0208" }[depth]!;
    expectDiagnostics(spec({ depth }).replace("repeat depth", "repeat «depth»"), [code]);
  });

  it.each(["seed 0", "seed 4294967295", "holdout 0%", "holdout 50%"])("%s", (settings) => {
    expectDiagnostics(spec({ settings }), []);
  });

  it("have defaults where they may be left out", () => {
    const { recipe } = compiled(spec());
    expect([recipe.seed, recipe.holdout]).toEqual([0, 0.1]);
  });
});

describe("data", () => {
  it.each([
    ["a loader that is none, told once", "«data mnist(\"x\")»", ["N0208"]],
    ["a loader without its call", "«data idx»", ["N0208"]],
    ["a text alone", "«data \"x\"»", ["N0208"]],
    ["a norm as an argument", "data idx(«layer»)", ["N0208"]],
    ["numbers, texts and conditions as arguments", "data text(\"x\", context: 4 * 2, lower: true)", []],
  ])("%s", (_, data, said) => {
    expectDiagnostics(spec({ data }), said);
  });

  it("is named on its line alone", () => {
    expectDiagnostics(spec({ before: "v = «idx(\"x\")»" }), ["N0210"]);
  });
});

describe("what stands on a line", () => {
  it.each([
    ["no optimizer", { optimizer: "optimizer «cosine»" }, ["N0208"]],
    ["no schedule", { schedule: "schedule «adamw»" }, ["N0208"]],
    ["no model", { model: "«encoder»" }, ["N0208"]],
    ["no model that is there", { model: "«clasifier»" }, ["N0201"]],
    ["an argument that the optimizer does not have", { optimizer: "optimizer adamw(«weight_decay»: 0.1)" }, ["N0206"]],
    ["an optimizer without what it needs", { optimizer: "«optimizer own»", more: "optimizer own(p, g, rate, power) { p <- p - rate * g^power }" }, ["N0207"]],
    ["a schedule without what it needs", { schedule: "«schedule constant»" }, ["N0207"]],
    ["a model without what it needs", { model: "«small»", more: "model small(width) { loss mean(param[feature: width] = 0) }" }, ["N0207"]],
    ["a wrong argument of the standard library's optimizer, told at the line", { optimizer: "«optimizer adamw(decay: none)»" }, ["N0208"]],
    ["a wrong argument of the standard library's schedule, told at the line", { schedule: "«schedule cosine(peak: none)»" }, ["N0208"]],
    ["a schedule with a parameter", { schedule: "schedule own", more: "schedule own(step, steps) { «param p = 1» return p }" }, ["N0210"]],
    ["an optimizer whose state has axes", { optimizer: "optimizer own", more: "optimizer own(p, g, rate) { «state m[feature] = 0» p <- p - rate * g }" }, ["N0210"]],
  ])("%s", (_, parts, said) => {
    expectDiagnostics(spec(parts), said);
  });
});

describe("selectors", () => {
  it.each([
    ["norm", []], ["bias", []], ["weight", []], ["embedding", []], ["w_out", []], ["encoder.cls", []], ["encoder.0", []], ["0.attention", []], ["encoder.*.attention.w_query", []],
    ["«w_in»", ["N0503"]], ["«encoder.2»", ["N0503"]], ["«norms»", ["N0503"]], ["norm, «w_in», bias", ["N0503"]],
  ])("%s", (at, said) => {
    expectDiagnostics(spec({ settings: `freeze ${at}` }), said);
    expectDiagnostics(spec({ settings: `optimizer at ${at}: sgd` }), said);
  });

  it("are told each", () => {
    expectDiagnostics(spec({ settings: "freeze «w_in», «w_up» optimizer at «w_down»: sgd" }), ["N0503", "N0503", "N0503"]);
  });

  it("freeze what they select: the step leaves it alone", () => {
    const { program } = compiled(spec({ settings: "freeze encoder" }));
    const updated = program.entries.get("step")!.operations.flatMap((op) => (op.kind === "update" ? [op.attributes.slot] : []));
    expect(updated.filter((slot) => slot.startsWith("encoder."))).toEqual([]);
    expect(updated).toContain("linear.weight");
  });

  it("give a parameter to the last line that selects it", () => {
    const { program } = compiled(spec({ settings: "optimizer at weight: sgd optimizer at w_out: adamw" }));
    const owned = (name: string) => program.states.filter(({ owner, name: state }) => owner === "optimizer" && state.startsWith(name)).map(({ name: state }) => state.slice(name.length + 1));
    expect(owned("encoder.0.attention.w_query")).toEqual(["sgd.velocity"]);
    expect(owned("encoder.0.attention.w_out")).toEqual(["adamw.m", "adamw.v"]);
  });
});

describe("the recipe to run", () => {
  it.each([
    ["the only one", "", undefined, "run"],
    ["the named one", "train other = run", "other", "other"],
  ])("is %s", (_, more, name, expected) => {
    const chosen = chooseRecipe(check(spec({ more })), name);
    expect("recipe" in chosen && chosen.recipe.name).toBe(expected);
  });

  it.each([
    ["none of several", spec({ more: "train other = run" }), undefined, "the spec has several recipes"],
    ["none where there is none", "norm own(x) { return x }", undefined, "the spec has no recipe to run"],
    ["one that is not there", spec(), "runn", "the spec has no recipe `runn`"],
    ["one with mistakes", spec({ batch: "batch 0" }), "run", "the recipe `run` has mistakes"],
  ])("is %s", (_, text, name, message) => {
    const chosen = chooseRecipe(check(text), name);
    expect("code" in chosen && [chosen.code, chosen.message]).toEqual(["N0504", message]);
  });
});
