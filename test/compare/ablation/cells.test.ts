/** The specs of cells: complete, in the canonical format, and different from the ablation's own in what was chosen alone. */

import { expect, test } from "vitest";
import { formatText } from "../../../src/format/format.js";
import { base, cell, compiled } from "./support.js";
import { prepare } from "../../../src/compare/ablation/prepare.js";
import { plan } from "../../../src/compare/ablation/plan.js";

const study = (line: string, of = "other") => `ablation study of ${of} { ${line} }`;

/** The changes of the cell against the spec, in short. */
async function changes(line: string, of?: string): Promise<string[]> {
  const { difference, texts } = await cell(study(line, of));
  for (const [path, text] of texts) expect(await formatText(text), path).toBe(text);
  expect(texts.get("main.norm")).not.toContain("ablation study");
  return [...difference.changes, ...difference.recipe].map(({ name, before, after }) => `${name}: ${before?.text ?? "-"} -> ${after?.text ?? "-"}`);
}

test.each([
  ["a group that shares its line", "vary encoder.normalize.cls in { rms }", ["encoder.normalize.cls: layer(eps: 1e-6) -> rms"]],
  ["both groups of a line", "vary encoder.normalize.cls, encoder.normalize.tokens in { (rms, batch) }", ["encoder.normalize.cls: layer(eps: 1e-6) -> rms", "encoder.normalize.tokens: layer(eps: 1e-6) -> batch"]],
  ["the same norm, on its own", "vary encoder.normalize.cls in { layer(eps: 1e-6) }", ["encoder.normalize.cls+tokens: cls, tokens: layer(eps: 1e-6) -> cls: layer(eps: 1e-6); tokens: layer(eps: 1e-6)"]],
  ["a whole policy", "vary encoder.normalize in { { ..: rms } }", ["encoder.normalize.cls+tokens: layer(eps: 1e-6) -> rms"]],
  ["a norm for all", "vary encoder.normalize in { rms }", ["encoder.normalize.cls+tokens: layer(eps: 1e-6) -> rms"]],
  ["an override that is there", "vary encoder.normalize.at.final.cls in { none }", ["encoder.normalize at final.cls: layer -> none"]],
  ["an override that is not there", "vary encoder.normalize.at.first.tokens in { rms }", ["encoder.normalize at first.tokens: - -> rms"]],
  ["a placement", "vary encoder.place in { sandwich }", ["encoder.place: pre -> sandwich"]],
  ["a parameter of the stack, where it is called", "vary encoder.heads in { 4 }", ["encoder.heads: 2 -> 4"]],
  ["a parameter of the model", "vary depth in { 2 }", ["depth: 1 -> 2"]],
  ["a parameter of the model of a recipe with a body", "vary depth, heads in { (2, 4) }", ["depth: 1 -> 2", "heads: 2 -> 4"], "plain"],
  ["a line that the variant has", "vary batch in { 8 }", ["batch: 32 -> 8"]],
  ["a line that its base has", "vary optimizer in { sgd(momentum: 0.9) }", ["optimizer: adamw(decay: 0.05) -> sgd(momentum: 0.9)"]],
  ["steps in the place of epochs", "vary steps in { 7 }", ["epochs: 2 -> -", "steps: - -> 7"], "plain"],
  ["another stack", "vary encoder in { apart }", ["encoder.normalize.cls: layer(eps: 1e-6) -> batch", "encoder.normalize.tokens: layer(eps: 1e-6) -> layer", "encoder.normalize at final.cls: layer -> -"]],
  ["what the spec has anyhow", "vary encoder.place, batch in { (pre, 32) }", []],
])("%s", async (_, line, expected, of?: string) => {
  expect(await changes(line, of)).toEqual(expected);
});

test("a variant's policy keeps what its base says of the other groups, and at single sites", async () => {
  const { texts } = await cell(`stack late = encoder with { place post }
train third = plain with { encoder = late }
ablation study of third { vary late.normalize.cls in { batch } }`);
  expect(texts.get("main.norm")).toContain(`stack late = encoder with {
  place post

  normalize {
    tokens: layer(eps: 1e-6)
    cls: batch
  }
  normalize at final { cls: layer }
}`.replace("\n\n", "\n"));
  expect(texts.get("base.norm")).toBe(base);
});

test("files that a choice reaches are copied with it, and get the `use` that it needs", async () => {
  const { texts } = await cell(study("vary encoder.normalize.cls in { rms }"));
  expect([...texts.keys()]).toEqual(["main.norm", "base.norm"]);
  expect(texts.get("base.norm")).toBe(
    base.replace("{ batch, layer }", "{ batch, layer, rms }").replace("  normalize { cls, tokens: layer(eps: 1e-6) }", "  normalize {\n    tokens: layer(eps: 1e-6)\n    cls: rms\n  }"),
  );
});

test("a seed is written into every recipe that is trained", async () => {
  const { texts, difference } = await cell(study("vary encoder.place in { pre }", "plain, other"), 0, 2);
  expect(texts.get("base.norm")).toContain("seed 7");
  expect(texts.get("main.norm")).toContain("seed 7");
  expect(difference.recipe.map(({ name, after }) => `${name} ${after?.text}`)).toEqual(["seed 7"]);
});

test("a choice that means something else where it belongs is refused with its place", async () => {
  const { compilation, spec } = compiled(`norm own(x) { return 2 * x }
ablation study of other { vary encoder.normalize.cls in { own, rms } }`);
  const { configurations, base: compared } = await prepare(plan(compilation), spec);
  expect(configurations.map(({ error }) => error !== undefined)).toEqual([true, false]);
  expect(configurations[0]!.error).toContain("`own` is not known in base.norm");
  expect(configurations[0]!.error).toContain("main.norm:10:59");
  expect(compared.name).toBe("cls-rms");
});

test("the base is the configuration that is the spec itself; a configuration that cannot be compiled keeps its message", async () => {
  const { compilation, spec } = compiled(study("vary batch in { 8, 32 } vary heads in { 2, 3 }"));
  const { configurations, base: compared, differences } = await prepare(plan(compilation), spec);
  expect(compared.name).toBe("batch-32.heads-2");
  expect(configurations.filter(({ error }) => error !== undefined).map(({ name }) => name)).toEqual(["batch-8.heads-3", "batch-32.heads-3"]);
  expect(differences.get("batch-8.heads-2")!.flatMap(({ recipe }) => recipe.map(({ name }) => name))).toEqual(["batch"]);
  expect(differences.get("batch-32.heads-2")!.every(({ variables }) => variables === 0)).toBe(true);
});
