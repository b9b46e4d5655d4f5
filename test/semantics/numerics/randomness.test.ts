/** Random numbers: initial values and their variance, dropout, and streams keyed by seed, name and step. */

import { describe, expect, test } from "vitest";
import { compileLayer, runLayer } from "../../oracle/harness.js";
import { train } from "../../oracle/recipes.js";
import { Draw, tensor } from "./draw.js";

const spec = (model: string) => `
  use std.norms { layer }
  use std.placements { pre }
  use std.layers { attention, linear, mlp }
  stack encoder(dim) {
    groups { cls, tokens }
    normalize { cls, tokens: layer }
    place pre
    attention(heads: 4)
    mlp(hidden: 3 * dim)
    normalize
  }
  ${model}
  train recipe of model_ {
    data npy("nothing")
    optimizer sgd
    schedule constant(peak: 0.1)
    batch 2
    steps 1
    seed 11
  }`;
const plain = `
  model model_() {
    input x[token: 3, feature: 64]
    encoded = encoder(cls: learned(2), tokens: x, dim: 64)
    logits = linear(encoded.cls, 10)
    loss mean(logits^2)
  }`;

const moments = (data: Float64Array) => {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { mean, variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length };
};

describe("initial values", () => {
  const { slots } = train(spec(plain));

  // fan in and fan out of each map as one matrix, with d = 64 and 4 heads of 16: head and key are one side.
  const maps: readonly (readonly [string, number, number])[] = [
    ["encoder.attention.w_query", 64, 64],
    ["encoder.attention.w_key", 64, 64],
    ["encoder.attention.w_value", 64, 64],
    ["encoder.attention.w_out", 64, 64],
    ["encoder.mlp.w_in", 64, 192],
    ["encoder.mlp.w_out", 192, 64],
    ["logits.weight", 64, 10],
  ];
  test.each(maps)("%s is Xavier-uniform: %i in, %i out", (name, fanIn, fanOut) => {
    const data = slots.get(name)!;
    expect(data.length).toBe(fanIn * fanOut);
    const bound = Math.sqrt(6 / (fanIn + fanOut));
    const largest = Math.max(...data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    // The largest of hundreds of uniform numbers is near the bound.
    expect(largest).toBeGreaterThan(0.98 * bound);
    const { mean, variance } = moments(data);
    const expected = 2 / (fanIn + fanOut);
    // Five standard errors: of the mean, and of the variance (the kurtosis of a uniform is 1.8).
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(expected / data.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(5 * Math.sqrt(0.8 / data.length));
  });

  test("biases are 0, scales 1, and a learned vector normal with deviation 0.02", () => {
    for (const name of ["encoder.attention.b_query", "encoder.mlp.b_in", "logits.bias", "encoder.final.cls+tokens.shift"]) {
      expect(new Set(slots.get(name)), name).toEqual(new Set([0]));
    }
    expect(new Set(slots.get("encoder.final.cls+tokens.scale"))).toEqual(new Set([1]));
    const vector = slots.get("encoder.cls.vector")!;
    expect(Math.abs(moments(vector).variance / 0.02 ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / vector.length));
  });

  test("he is normal with variance 2 / fan in, whatever the names of the axes", () => {
    const training = train(spec(`
      model model_() {
        input x[token: 3, feature: 64]
        w = param[feature: 64, head: 4, key: 20] ~ he
        v = param[token: 3, feature: 64, out: 30] ~ he(gain: 1)
        loss mean(dot(x, w over feature)^2) + mean(dot(x, v over token, feature)^2)
      }`));
    for (const [name, expected] of [["w", 2 / 64], ["v", 1 / 192]] as const) {
      const { mean, variance } = moments(training.slots.get(name)!);
      const count = training.slots.get(name)!.length;
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(expected / count));
      expect(Math.abs(variance / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    }
  });

  test("the same seed gives the same values, another seed others", () => {
    const [again, other] = [train(spec(plain), 11), train(spec(plain), 12)];
    expect(new Map(again.slots)).toEqual(new Map(slots));
    for (const [name] of maps) {
      const shared = other.slots.get(name)!.filter((value, i) => value === slots.get(name)![i]).length;
      expect(shared, name).toBeLessThan(5);
    }
  });

  test("each parameter has a stream of its own", () => {
    const seen = maps.slice(0, 4).map(([name]) => slots.get(name)![0]);
    expect(new Set(seen).size).toBe(4);
  });

  test("other parameters beside it leave a parameter's values alone", () => {
    const more = plain
      .replace("logits =", "first = param[other: 7] ~ normal\nside = linear(encoded.tokens, 5)\nlogits =")
      .replace("loss mean(logits^2)", "loss mean(logits^2) + mean(side) + mean(first)");
    const { slots: beside } = train(spec(more));
    // Three parameters and their velocities.
    expect(beside.size).toBe(slots.size + 6);
    for (const [name, value] of slots) expect(beside.get(name), name).toEqual(value);
  });
});

describe("dropout", () => {
  const x = tensor({ batch: 50, feature: 400 }, new Float64Array(20000).fill(3));
  const dropout = (rate: number) => compileLayer(`use std.layers { dropout } layer main(x) { return dropout(x, rate: ${rate}) }`, { x });

  test.each([0.1, 0.5, 0.9])("at rate %d keeps the mean, and scales what it keeps", (rate) => {
    const { output } = dropout(rate).run("training", { inputs: { x }, seed: 4 });
    const kept = [...output.data].filter((value) => value !== 0);
    for (const value of kept) expect(value).toBeCloseTo(3 / (1 - rate), 12);
    const deviation = Math.sqrt((rate * (1 - rate)) / x.data.length);
    expect(Math.abs(kept.length / x.data.length - (1 - rate))).toBeLessThan(5 * deviation);
  });

  test("is drawn anew in each step, and not in evaluation", () => {
    const compiled = dropout(0.5);
    const zeros = (step: number) => [...compiled.run("training", { inputs: { x }, seed: 4, step }).output.data].map((value) => value === 0);
    const [first, second] = [zeros(1), zeros(2)];
    expect(zeros(1)).toEqual(first);
    const same = first.filter((zero, i) => zero === second[i]).length;
    expect(Math.abs(same - 10000)).toBeLessThan(5 * Math.sqrt(5000));
    expect([...compiled.run("evaluation", { inputs: { x } }).output.data]).toEqual([...x.data]);
  });

  test("its gradient has the zeros of its value", () => {
    const { output, gradients } = dropout(0.3).run("training", { inputs: { x }, seed: 4 });
    expect([...gradients.get("x")!.data]).toEqual([...output.data].map((value) => value / 3).map((value) => expect.closeTo(value, 12) as number));
  });

  test("two of them draw apart", () => {
    const small = new Draw("dropout").normal({ batch: 4, feature: 30 });
    const spec = "use std.layers { dropout } layer main(x) {\na = dropout(x, rate: 0.5)\nb = dropout(x, rate: 0.5)\nreturn a - b }";
    const { output } = runLayer(spec, { inputs: { x: small } });
    expect(output.data.filter((value) => value !== 0).length).toBeGreaterThan(30);
  });

  test("two draws in one definition are apart", () => {
    const small = new Draw("dropout").normal({ batch: 4, feature: 30 });
    const { output } = runLayer("layer main(x) { return uniform_like(x) - uniform_like(x) }", { inputs: { x: small } });
    expect(new Set(output.data).size).toBeGreaterThan(110);
  });
});
