/** Contextual affine: what it is before anything is learned, what it costs, and what it reads. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, compileLayer } from "./harness.js";
import { drawn, drawnParameters, parameterCount } from "./methods.js";
import { train } from "./recipes.js";

const [tokens, features] = [4, 8];
const x = drawn("x", ["batch", "token", "feature"], [2, tokens, features]);
const exact = { absolute: 0, relative: 0 };

const compiled = (more: string) => compileLayer(`use std.norms { contextual_affine, rms } layer main(x) { return contextual_affine(x, heads: 2${more}) }`, { x });

describe("a new network", () => {
  const spec = (norm: string) => `
    use std.norms { contextual_affine, layer }
    use std.placements { pre }
    use std.layers { linear, mlp }
    stack encoder() { groups { tokens } normalize { tokens: ${norm} } place pre
      mlp(hidden: 5)
      normalize }
    model classifier() {
      input x[token: ${tokens}, feature: ${features}]
      input label in 3
      encoded = encoder(tokens: x)
      loss cross_entropy(linear(mean(encoded over token), 3), label)
    }
    train recipe of classifier { data npy("nothing") optimizer sgd schedule constant(peak: 0.1) batch 2 steps 2 }`;
  const inputs = { x, label: { axes: ["batch"], shape: [2], data: [0, 2] } };
  const own = train(spec("contextual_affine(heads: 2)"));
  const plain = train(spec("layer"));

  test("has the base norm", () => {
    expect(own.look("forward", inputs)["loss"]).toBe(plain.look("forward", inputs)["loss"]);
  });

  test("learns its last maps first, and then its blocks", () => {
    const block = "encoder.final.tokens.context.0.mlp.w_in";
    const last = "encoder.final.tokens.w_scale";
    const first = own.slots.get(block)!;
    own.step(inputs);
    expect(own.slots.get(block)).toEqual(first);
    expect(Math.max(...own.slots.get(last)!)).toBeGreaterThan(0);
    own.step(inputs);
    expect(own.slots.get(block)).not.toEqual(first);
  });
});

describe("costs", () => {
  const d = features;
  const block = 12 * d ** 2 + 13 * d;
  const net = (depth: number) => depth * block + 2 * d;
  const last = 2 * (d ** 2 + d);
  test.each([
    ["two transformers of two blocks", "", 2 * net(2) + last + 2 * d],
    ["half of that when shared", ", shared: true", net(2) + last + 2 * d],
    ["less with fewer blocks", ", depth: 1", 2 * net(1) + last + 2 * d],
    ["less with a base without shifts", ", base: rms", 2 * (2 * (12 * d ** 2 + 11 * d) + d) + last + d],
  ])("%s", (_, more, count) => {
    expect(parameterCount(compiled(more))).toBe(count);
  });

  test("eight times a block of the host at the block's two sites, and the last maps", () => {
    const biasesAndScales = 2 * (2 * 13 * d + 2 * d) + 2 * d + 2 * d;
    const matrices = parameterCount(compiled("")) - biasesAndScales;
    expect((2 * matrices) / (12 * d ** 2)).toBeCloseTo(8 + (2 * 2) / 12, 12);
  });
});

test("is the base norm where the last maps are zero, and another one elsewhere", () => {
  const norm = compiled(", base: rms");
  const zeros = drawnParameters(norm, (name) => (/\.[wb]_(scale|shift)$/.test(name) ? 0 : undefined));
  const rms = compileLayer("use std.norms { rms } layer main(x) { return rms(x) }", { x });
  const expected = rms.run("training", { inputs: { x }, parameters: { "rms.scale": zeros["contextual_affine.base.scale"]! } }).output;
  expectClose("output", norm.run("training", { inputs: { x }, parameters: zeros }).output, expected, exact);
  const others = norm.run("training", { inputs: { x }, parameters: drawnParameters(norm) }).output;
  expect(() => expectClose("output", others, expected, exact)).toThrow();
});

test.each([[", causal: true", false], ["", true]])("contextual_affine(x%s) sees what follows: %s", (more, sees) => {
  const norm = compiled(more);
  const parameters = drawnParameters(norm);
  const output = (input: NamedTensor) => norm.run("training", { inputs: { x: input }, parameters }).output.data;
  const isLast = (i: number) => Math.floor(i / features) % tokens === tokens - 1;
  const [before, after] = [output(x), output({ ...x, data: x.data.map((value, i) => (isLast(i) ? value + (i % 3) : value)) })];
  const changed = before.some((value, i) => !isLast(i) && Math.abs(value - after[i]!) > 1e-9);
  expect(changed).toBe(sees);
  expect(before.some((value, i) => isLast(i) && value !== after[i]!)).toBe(true);
});
