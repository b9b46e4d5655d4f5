/** What placements promise at the start of training, and the numbers of DeepNorm. */

import { describe, expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer, runLayer } from "./harness.js";

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
