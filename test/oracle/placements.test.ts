/** What placements promise at the start of training, and the numbers of DeepNorm. */

import { describe, expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer, runLayer } from "./harness.js";
import { train } from "./recipes.js";

function drawn(name: string, axes: readonly string[], shape: readonly number[]): NamedTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return { axes, shape, data: normals(keyOf(5, name, 0), count, new Float64Array(count)) as Float64Array };
}

const x = drawn("x", ["batch", "token", "feature"], [2, 5, 8]);
const exact = { absolute: 0, relative: 0 };

/** A stack of one sublayer placed so; its parameters are drawn, but for those of the placement. */
function placed(placement: string, own: (name: string) => number | undefined) {
  const compiled = compileLayer(
    `use std.norms { layer } use std.placements { rezero, layer_scale } use std.layers { mlp }
     stack encoder() { groups { tokens } normalize { tokens: layer } place ${placement}
       mlp(hidden: 12) }
     layer main(x) { y = encoder(tokens: x)
       return y }`,
    { x },
  );
  const parameters: NamedTensors = Object.fromEntries([...compiled.parameters].map(([name, { axes }]) => {
    const tensor = drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent));
    const value = own(name);
    return [name, value === undefined ? tensor : { ...tensor, data: tensor.data.map(() => value) }];
  }));
  return { names: Object.keys(parameters), ...compiled.run("training", { inputs: { x }, parameters }) };
}

describe("ReZero", () => {
  const { names, output, gradients } = placed("rezero", (name) => (name.endsWith(".weight") ? 0 : undefined));

  test("passes its input on at first", () => expectClose("output", output, x, exact));

  test("gives the branch no gradient in the first step, and its weight one", () => {
    const weight = names.find((name) => name.endsWith(".weight"))!;
    expect(Math.abs(gradients.get(weight)!.data[0]!)).toBeGreaterThan(0.1);
    for (const name of names.filter((own) => own !== weight)) expect(Math.max(...gradients.get(name)!.data.map(Math.abs)), name).toBe(0);
  });
});

describe("LayerScale", () => {
  test("adds the branch times its weight", () => {
    const isWeight = (name: string) => name.endsWith(".weight");
    const none = placed("layer_scale", (name) => (isWeight(name) ? 0 : undefined)).output.data;
    const whole = placed("layer_scale", (name) => (isWeight(name) ? 1 : undefined)).output.data;
    const some = placed("layer_scale", (name) => (isWeight(name) ? 1e-4 : undefined)).output.data;
    expect([...none]).toEqual([...x.data]);
    some.forEach((value, i) => expect(value).toBeCloseTo(none[i]! + 1e-4 * (whole[i]! - none[i]!), 12));
  });
});

/** Zhuo et al., 2025: attention with normalised queries, keys and values in no norm, and the MLP on the normalised stream. */
describe("HybridNorm", () => {
  const compiled = compileLayer(
    `use std.norms { rms } use std.placements { hybrid, pre } use std.layers { attention, mlp }
     stack decoder() { groups { tokens } normalize { tokens: rms } place hybrid
       attention(heads: 2, qk: rms, v: rms) placed pre normalized { ..: none }
       mlp(hidden: 12) }
     layer main(x) { return decoder(tokens: x) }`,
    { x },
  );
  const own = compileLayer(
    `use std.norms { rms } use std.layers { attention, mlp }
     layer main(x) {
       y = x + attention(x, heads: 2, qk: rms, v: rms)
       middle = rms(y)
       return mlp(middle, hidden: 12) + middle
     }`,
    { x },
  );

  test("normalises queries, keys and values, and once before the MLP", () => {
    const norms = [...compiled.parameters.keys()].filter((name) => name.endsWith(".scale"));
    expect(norms.sort()).toEqual(["decoder.attention.qk.scale", "decoder.attention.qk_2.scale", "decoder.attention.v.scale", "decoder.mlp.before.tokens.scale"]);
  });

  test("is what its equations say", () => {
    const parameters = Object.fromEntries([...compiled.parameters].map(([name, { axes }]) => [name, drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent))]));
    const renamed = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.replace("decoder.", "").replace("mlp.before.tokens", "middle"), value]));
    expect([...own.parameters.keys()].sort()).toEqual(Object.keys(renamed).sort());
    const expected = own.run("training", { inputs: { x }, parameters: renamed }).output;
    expectClose("output", compiled.run("training", { inputs: { x }, parameters }).output, expected, { absolute: 1e-12, relative: 1e-12 });
  });
});

/** Wang et al., "Magneto", 2022: sqrt(ln(2L)) for L = 12 and 24. */
describe("Sub-LN", () => {
  test.each([
    [12, 1.7827],
    [24, 1.9675],
  ])("of %i blocks has a gain", (depth, gain) => {
    const one = { axes: ["feature"], shape: [1], data: [1] };
    const { output } = runLayer(`use std.placements { sub_gain } layer main(x) { return x * sub_gain(${depth}) }`, { inputs: { x: one } });
    expect(output.data[0]!).toBeCloseTo(gain, 4);
  });

  test("has two norms in each sublayer, and greater first weights but for queries and keys", () => {
    const spec = (gain: string) => `
      use std.norms { layer } use std.placements { pre, sub_gain } use std.layers { attention, mlp }
      stack encoder(depth) { groups { tokens } normalize { tokens: layer } place pre
        repeat depth { attention(heads: 2, inner: layer${gain}) mlp(hidden: 12, inner: layer${gain}) }
        normalize }
      model model_() { input x[token: 3, feature: 8]
        loss mean(encoder(tokens: x, depth: 12)^2) }
      train recipe of model_ { data npy("nothing") optimizer sgd schedule constant(peak: 1) batch 2 steps 1 }`;
    const [plain, scaled] = [train(spec("")), train(spec(", gain: sub_gain(depth)"))];
    const ratio = (name: string) => scaled.slots.get(`encoder.3.${name}`)![5]! / plain.slots.get(`encoder.3.${name}`)![5]!;
    for (const name of ["attention.w_value", "attention.w_out", "mlp.w_in", "mlp.w_out"]) expect(ratio(name), name).toBeCloseTo(1.7827, 4);
    for (const name of ["attention.w_query", "attention.w_key"]) expect(ratio(name), name).toBe(1);
    const norms = scaled.program.parameters.filter(({ name }) => /^encoder\.3\..*\.scale$/.test(name)).map(({ name }) => name);
    expect(norms).toEqual(["attention.before.tokens", "attention.inner", "mlp.before.tokens", "mlp.inner"].map((site) => `encoder.3.${site}.scale`));
  });
});

/** Wang et al., 2022; the notes give four decimals. */
test.each([
  [6, 1.8612, 0.3799],
  [12, 2.2134, 0.3195],
  [24, 2.6321, 0.2686],
  [100, 3.7606, 0.188],
])("DeepNorm of %i layers", (depth, weight, gain) => {
  const one = { axes: ["feature"], shape: [1], data: [1] };
  const value = (name: string) =>
    runLayer(`use std.placements { ${name} } layer main(x) { return x * ${name}(${depth}) }`, { inputs: { x: one } }).output.data[0]!;
  expect(value("deep_weight")).toBeCloseTo(weight, 4);
  expect(value("deep_gain")).toBeCloseTo(gain, 4);
});
