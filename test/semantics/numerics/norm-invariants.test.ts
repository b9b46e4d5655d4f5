/** What holds for norms whatever the numbers: shared and separate policies, invariances, padding, running statistics. */

import { describe, expect, test } from "vitest";
import { type NamedTensor, type NamedTensors, type Passed, compileLayer, runLayer } from "../../oracle/harness.js";
import { Draw, scalar, tensor } from "./draw.js";

const draw = new Draw("norm invariants");
const x = draw.normal({ batch: 3, token: 5, feature: 8 }, 1.5, 0.5);
const row = (value: number) => tensor({ feature: 8 }, new Float64Array(8).fill(value));

/** Another tensor of the same axes. */
function changed(value: NamedTensor, by: (own: number, index: number) => number): NamedTensor {
  return { ...value, data: Float64Array.from(value.data, by) };
}

function distance(a: NamedTensor, b: NamedTensor): number {
  expect(a.axes).toEqual(b.axes);
  expect(a.shape).toEqual(b.shape);
  return Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
}

describe("SepNorm and ShareNorm, with the same scale and shift for both groups", () => {
  const site = (norm: string, policy: string) => `
    use std.norms { ${norm} }
    stack site() {
      groups { cls, tokens }
      normalize { ${policy} }
      normalize
    }
    layer main(x) { return site(cls: slice(x along token, size: 1), tokens: slice(x along token, from: 1, size: 4)) }`;
  const [scale, shift] = [draw.normal({ feature: 8 }, 0.3, 1), draw.normal({ feature: 8 })];
  const run = (norm: string, policy: string): Passed => {
    const compiled = compileLayer(site(norm, policy), { x });
    const parameters = Object.fromEntries([...compiled.parameters.keys()].map((name) => [name, name.endsWith("scale") ? scale : shift]));
    const states = Object.fromEntries(compiled.program.states.map(({ name }) => [name, name.endsWith("mean") ? row(0) : row(1)]));
    return compiled.run("training", { inputs: { x }, parameters, states });
  };

  test.each(["layer", "rms", "group(groups: 2)"])("are bit for bit the same for %s, which looks at one token", (policy) => {
    const norm = policy.replace(/\(.*/, "");
    const [separate, shared] = [run(norm, `cls: ${policy} tokens: ${policy}`), run(norm, `cls, tokens: ${policy}`)];
    expect(separate.output).toEqual(shared.output);
    expect(separate.gradients.get("x")).toEqual(shared.gradients.get("x"));
    expect(separate.gradients.size).toBeGreaterThan(shared.gradients.size);
  });

  test.each(["batch", "instance"])("differ for %s, which mixes tokens", (norm) => {
    const [separate, shared] = [run(norm, `cls: ${norm} tokens: ${norm}`), run(norm, `cls, tokens: ${norm}`)];
    expect(distance(separate.output, shared.output)).toBeGreaterThan(0.1);
  });

  test("groups on one line share their norm with another between them", () => {
    const spec = (policy: string) => `
      use std.norms { batch, rms }
      stack site() { groups { a, b, c } normalize { ${policy} } normalize }
      layer main(x) {
        part = slice(x along token, size: 1)
        return site(a: part, b: slice(x along token, from: 1, size: 2), c: slice(x along token, from: 3, size: 2))
      }`;
    const compiled = compileLayer(spec("a, c: batch b: rms"), { x });
    expect([...compiled.parameters.keys()].sort()).toEqual(["site.initial.a+c.scale", "site.initial.a+c.shift", "site.initial.b.scale"]);
    const states = { "site.initial.a+c.running_mean": row(0), "site.initial.a+c.running_variance": row(1) };
    const parameters = { "site.initial.a+c.scale": row(1), "site.initial.a+c.shift": row(0), "site.initial.b.scale": row(1) };
    const { statesAfter } = compiled.run("training", { inputs: { x }, parameters, states });
    // The mean of tokens 0, 3 and 4.
    const mean = (feature: number) => {
      const values = [...x.data].filter((_, i) => i % 8 === feature && [0, 3, 4].includes(Math.floor(i / 8) % 5));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const found = statesAfter.get("site.initial.a+c.running_mean")!.data;
    found.forEach((value, feature) => expect(value).toBeCloseTo(0.1 * mean(feature), 12));
  });
});

describe("norms of one token", () => {
  const run = (call: string, parameters: NamedTensors, value = x) => {
    const name = call.replace(/\(.*/, "");
    return runLayer(`use std.norms { ${name} } layer main(x) { return ${call} }`, { inputs: { x: value }, parameters }).output;
  };
  const affine = (norm: string) => ({ [`${norm}.scale`]: row(1), [`${norm}.shift`]: row(0) });

  // Rounding in a * x + c, with |x| up to 5, leaves errors of about 1e-14.
  test("layer norm does not see a positive factor and an offset", () => {
    const moved = changed(x, (value) => 3.7 * value - 11);
    expect(distance(run("layer(x, eps: 0)", affine("layer"), moved), run("layer(x, eps: 0)", affine("layer")))).toBeLessThan(1e-13);
    const negated = changed(x, (value) => -value);
    expect(distance(run("layer(x, eps: 0)", affine("layer"), negated), run("layer(x, eps: 0)", affine("layer")))).toBeGreaterThan(1);
  });

  test("layer norm has mean 0 and variance 1 over the features", () => {
    const { data } = run("layer(x, eps: 0)", affine("layer"));
    for (let token = 0; token < 15; token++) {
      const own = [...data].slice(8 * token, 8 * token + 8);
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
      expect(own.reduce((sum, value) => sum + value * value, 0) / 8).toBeCloseTo(1, 12);
    }
  });

  test("group norm with one group is layer norm", () => {
    expect(distance(run("group(x, groups: 1)", affine("group")), run("layer(x)", affine("layer")))).toBeLessThan(1e-14);
  });

  test("RMS norm is ScaleNorm with a radius of the square root of the features, with which it starts", () => {
    const scaled = run("scale(x, eps: 1e-9)", { "scale.radius": scalar(Math.sqrt(8)) });
    expect(distance(scaled, run("rms(x, eps: 0)", { "rms.scale": row(1) }))).toBeLessThan(1e-14);
  });

  test("ScaleNorm gives a token of zeros back, and no infinity in its gradient", () => {
    const spec = "use std.norms { scale } layer main(x) { return scale(x) }";
    const zeros = changed(x, (value, i) => (i < 8 ? 0 : value));
    const result = runLayer(spec, { inputs: { x: zeros }, parameters: { "scale.radius": scalar(2) } });
    expect([...result.output.data].slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    // Below eps the divisor is eps: the slope is 2 / 1e-5.
    expect(new Set([...result.gradients.get("x")!.data].slice(0, 8).map(Math.round))).toEqual(new Set([200000]));
  });
});

describe("padded tokens", () => {
  const lengths = tensor({ batch: 3 }, [5, 2, 3]);
  const isReal = (i: number) => Math.floor(i / 8) % 5 < [5, 2, 3][Math.floor(i / 40)]!;
  const otherPadding = changed(x, (value, i) => (isReal(i) ? value : 1e3 + i));
  const run = (norm: string, value: NamedTensor): Passed => {
    const spec = `use std.norms { ${norm} } layer main(x, lengths) { return ${norm}(x where index(x over token) < lengths) }`;
    const parameters = { [`${norm}.scale`]: row(1), [`${norm}.shift`]: row(0) };
    const states = { [`${norm}.running_mean`]: row(0), [`${norm}.running_variance`]: row(1) };
    const cotangent = changed(x, (_, i) => (isReal(i) ? Math.sin(i) : 0));
    return runLayer(spec, { inputs: { x: value, lengths }, parameters, states, cotangent });
  };
  const real = ({ data }: NamedTensor) => [...data].filter((_, i) => isReal(i));

  test.each(["batch", "instance", "layer"])("do not reach real ones through %s", (norm) => {
    const [own, other] = [run(norm, x), run(norm, otherPadding)];
    expect(real(own.output)).toEqual(real(other.output));
    expect([...own.output.data, ...other.output.data].every(Number.isFinite)).toBe(true);
    expect(own.statesAfter).toEqual(other.statesAfter);
    for (const [name, gradient] of own.gradients) expect(real(gradient), name).toEqual(real(other.gradients.get(name)!));
  });

  test.each(["batch", "instance"])("get no gradient through the statistics of %s", (norm) => {
    const gradient = run(norm, x).gradients.get("x")!;
    expect([...gradient.data].filter((value, i) => !isReal(i) && value !== 0)).toEqual([]);
    expect(real(gradient).every((value) => value !== 0)).toBe(true);
  });

  test("leave instance norm what it is for the shorter sequence", () => {
    const alone = changed(tensor({ batch: 1, token: 2, feature: 8 }, new Float64Array(16)), (_, i) => x.data[40 + i]!);
    const spec = "use std.norms { instance } layer main(x) { return instance(x) }";
    const { output } = runLayer(spec, { inputs: { x: alone }, parameters: { "instance.scale": row(1), "instance.shift": row(0) } });
    const padded = [...run("instance", x).output.data].slice(40, 56);
    padded.forEach((value, i) => expect(value).toBeCloseTo(output.data[i]!, 12));
  });
});

test("a batch with one valid token, or none, leaves finite running statistics", () => {
  for (const [count, mean] of [[1, x.data.slice(0, 8)], [0, new Float64Array(8)]] as const) {
    const spec = "use std.norms { batch } layer main(x, lengths) { return batch(x where index(x over token) < lengths) }";
    const result = runLayer(spec, {
      inputs: { x, lengths: tensor({ batch: 3 }, [count, 0, 0]) },
      parameters: { "batch.scale": row(1), "batch.shift": row(0) },
      states: { "batch.running_mean": row(0), "batch.running_variance": row(1) },
    });
    const state = (name: string) => [...result.statesAfter.get(`batch.${name}`)!.data];
    state("running_mean").forEach((value, i) => expect(value).toBeCloseTo(0.1 * mean[i]!, 14));
    for (const value of state("running_variance")) expect(value).toBeCloseTo(0.9, 14);
  }
});

test("after many steps on the same batch, evaluation uses its mean and its unbiased variance", () => {
  const compiled = compileLayer("use std.norms { batch } layer main(x) { return batch(x, eps: 0) }", { x });
  const parameters = { "batch.scale": row(1), "batch.shift": row(0) };
  let states: NamedTensors = { "batch.running_mean": row(9), "batch.running_variance": row(4) };
  for (let step = 0; step < 400; step++) states = Object.fromEntries(compiled.run("training", { inputs: { x }, parameters, states }).statesAfter);
  // What is left of the first values is 0.9^400 = 5e-19 of them.
  const training = compiled.run("training", { inputs: { x }, parameters, states });
  const evaluation = compiled.run("evaluation", { inputs: { x }, parameters, states });
  const samples = 15;
  const expected = changed(training.output, (value) => value * Math.sqrt((samples - 1) / samples));
  expect(distance(evaluation.output, expected)).toBeLessThan(1e-12);
  expect(evaluation.statesAfter.size).toBe(0);
});
