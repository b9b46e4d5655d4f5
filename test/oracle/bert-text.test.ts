/** What the text examples are made of: BERT's masking by its shares, SimCSE's loss against torch, views, padding and fillers. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compiledRun } from "./example-recipes.js";
import { type Fixture, type Tolerance, expectAllClose, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer, runLayer } from "./harness.js";
import { Training } from "./recipes.js";

const tensor = (axes: Readonly<Record<string, number>>, value: (i: number) => number): NamedTensor => {
  const shape = Object.values(axes);
  return { axes: Object.keys(axes), shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)) };
};

describe("masking", () => {
  const vocabulary = 40;
  const mask = 4;
  const ids = tensor({ batch: 100, token: 100 }, (i) => 10 + (i % 30));
  const layer = compileLayer(
    `use std.text { chosen_tokens, corrupted }
     layer main(x) {
       chosen = chosen_tokens(x)
       return 1000 * float(chosen) + corrupted(x, chosen, vocabulary: ${vocabulary}, mask: ${mask})
     }`,
    { x: ids },
    ["x"],
  );
  const drawn = (seed: number, step: number) => Array.from(layer.run("training", { inputs: { x: ids }, seed, step }).output.data);
  const numbers = drawn(5, 3);

  test("is of 15% of the tokens: 80% become the mask, 10% a random token, 10% stay", () => {
    const chosen = numbers.flatMap((value, i) => (value >= 1000 ? [{ seen: value - 1000, own: ids.data[i]! }] : []));
    const shares = { chosen: [chosen.length, ids.data.length, 0.15], mask: [0, chosen.length, 0.8 + 0.1 / vocabulary], stay: [0, chosen.length, 0.1 + 0.1 / vocabulary] };
    shares.mask[0] = chosen.filter(({ seen }) => seen === mask).length;
    shares.stay[0] = chosen.filter(({ seen, own }) => seen === own).length;
    // Five standard deviations of a binomial number.
    for (const [name, [found, of, share]] of Object.entries(shares) as [string, [number, number, number]][]) {
      expect(Math.abs(found - of * share), `${name}: ${found} of ${of}`).toBeLessThan(5 * Math.sqrt(of * share * (1 - share)));
    }
    const random = chosen.filter(({ seen, own }) => seen !== own && seen !== mask).map(({ seen }) => seen);
    expect(random.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary)).toBe(true);
    expect(new Set(random).size).toBeGreaterThan(0.8 * vocabulary);
  });

  test("leaves the other tokens alone, and is drawn anew in each step, the same for the same seed", () => {
    expect(numbers.every((value, i) => value >= 1000 || value === ids.data[i])).toBe(true);
    expect(drawn(5, 3)).toEqual(numbers);
    expect(drawn(5, 4)).not.toEqual(numbers);
    expect(drawn(6, 3)).not.toEqual(numbers);
  });
});

describe("the contrastive loss", () => {
  const fixture = JSON.parse(readFileSync(new URL("pytorch/simcse.json", import.meta.url), "utf8")) as Fixture;
  const tolerance: Tolerance = { absolute: 1e-12, relative: 1e-10 };
  const run = (value: string) => runLayer(`use std.text { contrastive, partners_found }\nlayer main(x, y) { return ${value} }`, { inputs: fixture.inputs });

  test("is that of SimCSE's code, with its gradients", () => {
    const { output, gradients } = run(`contrastive(x, y, temperature: ${fixture.settings["temperature"] as number})`);
    expectClose("loss", output, fixture.outputs["loss"]!, tolerance);
    expectAllClose("gradient of", gradients, fixture.gradients!, tolerance);
    expectClose("with the temperature left out", run("contrastive(x, y)").output, fixture.outputs["loss"]!, tolerance);
  });

  test("goes with the share of partners found", () => {
    expectClose("found", run("partners_found(x, y)").output, fixture.outputs["found"]!, tolerance);
  });
});

test("two views are the same example, and dropout differs between them", () => {
  const x = tensor({ batch: 2, token: 3, feature: 50 }, (i) => 1 + i);
  const view = (value: string) => Array.from(runLayer(`use std.text { two_views, view_of }\nuse std.layers { dropout }\nlayer main(x) { return ${value} }`, { inputs: { x } }).output.data);
  expect(view("view_of(two_views(x), 0)")).toEqual(x.data);
  expect(view("view_of(two_views(x), 1)")).toEqual(x.data);
  const difference = view("view_of(dropout(two_views(x), rate: 0.5), 0) - view_of(dropout(two_views(x), rate: 0.5), 0)");
  expect(difference.some((value) => value !== 0)).toBe(true);
  const [first, second] = [0, 1].map((number) => view(`view_of(dropout(two_views(x), rate: 0.5), ${number})`));
  const dropped = (values: readonly number[]) => values.map((value) => value === 0);
  expect(dropped(first!)).not.toEqual(dropped(second!));
});

const [window, length] = [8, 7];

/** Sentences of `length` tokens, with `padding` behind them. */
const sentences = (batch: number, padding = 0): NamedTensors => ({
  text: tensor({ batch, token: window }, (i) => {
    const [example, place] = [Math.floor(i / window), i % window];
    return place < length ? 10 + ((7 * example + 3 * place) % 20) : padding;
  }),
  length: tensor({ batch }, () => length),
});

/** The examples' recipes in small; without dropout the masked model learns a few sentences sooner. */
const small = [
  // What guessing by frequency costs on these sentences is the entropy of their tokens, nearly that of 20 equal ones.
  { recipe: "bert", batch: 4, changes: "dim = 24 heads = 2 rate = 0", steps: 200, below: 0.8 * Math.log(20) },
  // Guessing the partner costs the logarithm of the batch.
  { recipe: "simcse", batch: 8, changes: "dim = 16", steps: 40, below: 0.5 * Math.log(8) },
];

describe.each(small)("text-$recipe.norm", ({ recipe, batch, changes, steps, below }) => {
  const programOf = (examples: number) =>
    compiledRun(
      `use "text-${recipe}.norm" { ${recipe} }
       train run = ${recipe} with { vocabulary = 40 window = ${window} depth = 1 ${changes} batch ${examples} schedule constant(peak: 1e-2) steps ${steps} }`,
    ).program;
  const program = programOf(batch);
  const losses = (seed: number, count: number, inputs = sentences(batch)) => {
    const training = new Training(program, seed, steps);
    return Array.from({ length: count }, () => training.step(inputs)["loss"]!);
  };

  test("has the same losses for the same seed, and others for another", () => {
    const found = losses(1, 3);
    expect(losses(1, 3)).toEqual(found);
    expect(losses(2, 3)).not.toEqual(found);
    expect(found.every(Number.isFinite)).toBe(true);
  });

  test("does not see what stands at padding", () => {
    expect(losses(1, 2, sentences(batch, 39))).toEqual(losses(1, 2));
  });

  test("evaluates a batch with an example that only fills it as the batch without it", () => {
    const valid = tensor({ batch }, (i) => (i < batch - 1 ? 1 : 0));
    const filled = new Training(program, 1, steps).look("evaluate", { ...sentences(batch), valid });
    const whole = new Training(programOf(batch - 1), 1, steps).look("evaluate", sentences(batch - 1));
    expect(Object.keys(filled).sort()).toEqual(Object.keys(whole).sort());
    for (const [name, value] of Object.entries(whole)) expect(filled[name], name).toBeCloseTo(value, 10);
  });

  test("learns", { timeout: 120_000 }, () => {
    const found = losses(1, steps);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(found.slice(0, 3))).toBeGreaterThan(below);
    expect(mean(found.slice(-20))).toBeLessThan(below);
  });
});
