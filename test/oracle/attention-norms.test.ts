/** Norms and weights inside attention: what each of them must leave unchanged, and what it must come to. */

import { describe, expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import { type Tolerance, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";

/** Both sides are float64 and sum in different orders. */
const tolerance: Tolerance = { absolute: 1e-11, relative: 1e-9 };

const [tokens, features, heads] = [5, 8, 2];
const key = features / heads;

function drawn(name: string, axes: readonly string[], shape: readonly number[]): NamedTensor {
  return { axes, shape, data: normals(keyOf(3, name, 0), shape.reduce((product, extent) => product * extent, 1), new Float64Array(shape.reduce((product, extent) => product * extent, 1))) as Float64Array };
}

const x = drawn("x", ["token", "feature"], [tokens, features]);

/** The output of attention with these arguments; parameters are drawn, and changed by `change`. */
function output(call: string, change: (parameters: NamedTensors) => NamedTensors = (parameters) => parameters): NamedTensor {
  const compiled = compileLayer(`use std.norms { layer, rms } use std.layers { attention } layer main(x) { return attention(x, heads: ${heads}, ${call}) }`, { x });
  const parameters = Object.fromEntries([...compiled.parameters].map(([name, { axes }]) => [name, drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent))]));
  return compiled.run("training", { inputs: { x }, parameters: change(parameters) }).output;
}

/** Named parameters times what `by` says of each element's coordinates. */
const times = (names: readonly string[], by: (at: Readonly<Record<string, number>>) => number) => (parameters: NamedTensors): NamedTensors =>
  Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => {
    if (!names.includes(name)) return [name, tensor];
    const data = Float64Array.from(tensor.data, (value, i) => value * by(coordinates(tensor, i)));
    return [name, { ...tensor, data }];
  }));

function coordinates({ axes, shape }: NamedTensor, index: number): Readonly<Record<string, number>> {
  const at: Record<string, number> = {};
  for (let i = axes.length - 1; i >= 0; i--) {
    at[axes[i]!] = index % shape[i]!;
    index = Math.floor(index / shape[i]!);
  }
  return at;
}

const set = (name: string, data: readonly number[]) => (parameters: NamedTensors): NamedTensors => ({ ...parameters, [name]: { ...parameters[name]!, data } });

const maps = (...names: readonly string[]) => names.map((name) => `attention.${name}`);

describe("normalised queries and keys", () => {
  const scaled = times(maps("w_query", "b_query", "w_key", "b_key"), () => 7);
  test.each(["qk: rms(eps: 0)", "qk: rms(eps: 0), qk_wide: true", "qk: layer(eps: 0)"])("%s: their size is of no matter", (call) => {
    expectClose("output", output(call, scaled), output(call), tolerance);
  });

  test("without the norm it is", () => {
    expect(() => expectClose("output", output("bias: true", scaled), output("bias: true"), tolerance)).toThrow();
  });

  test("each head has its own length, or all have one", () => {
    const oneHead = times(maps("w_query", "b_query"), (at) => (at["head"] === 0 ? 5 : 1));
    expectClose("output", output("qk: rms(eps: 0)", oneHead), output("qk: rms(eps: 0)"), tolerance);
    expect(() => expectClose("output", output("qk: rms(eps: 0), qk_wide: true", oneHead), output("qk: rms(eps: 0), qk_wide: true"), tolerance)).toThrow();
  });
});

describe("normalised values", () => {
  const scaled = times(maps("w_value", "b_value"), () => 7);
  const oneHead = times(maps("w_value", "b_value"), (at) => (at["head"] === 0 ? 5 : 1));
  test.each(["v: rms(eps: 0)", "qk: layer, qk_wide: true, v: layer(eps: 0)"])("%s: their size is of no matter", (call) => {
    expectClose("output", output(call, scaled), output(call), tolerance);
  });

  test("each head has its own length, or all have one", () => {
    expectClose("output", output("v: rms(eps: 0)", oneHead), output("v: rms(eps: 0)"), tolerance);
    const wide = "qk: rms, qk_wide: true, v: rms(eps: 0)";
    expectClose("output", output(wide, scaled), output(wide), tolerance);
    expect(() => expectClose("output", output(wide, oneHead), output(wide), tolerance)).toThrow();
  });

  test("are averages of vectors of one length, for a map that passes them on", () => {
    // One token sees itself alone, so that its value goes out as it is.
    const alone = { axes: ["token", "feature"], shape: [1, features], data: x.data.slice(0, features) };
    const compiled = compileLayer(`use std.norms { rms } use std.layers { attention } layer main(x) { return attention(x, heads: ${heads}, bias: false, v: rms(eps: 0)) }`, { x: alone });
    const parameters = Object.fromEntries([...compiled.parameters].map(([name, { axes }]) => {
      const tensor = drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent));
      if (name.endsWith("w_out")) return [name, { ...tensor, data: tensor.data.map((_, i) => { const at = coordinates(tensor, i); return Number(at["head"]! * key + at["key"]! === at["out"]!); }) }];
      return [name, name.endsWith(".scale") ? { ...tensor, data: tensor.data.map(() => 1) } : tensor];
    }));
    const { data } = compiled.run("training", { inputs: { x: alone }, parameters }).output;
    for (let head = 0; head < heads; head++) expect(Math.hypot(...data.slice(head * key, (head + 1) * key))).toBeCloseTo(Math.sqrt(key), 12);
  });
});

test("a norm inside takes the size of the values away (Sub-LN)", () => {
  const scaled = times(maps("w_value", "b_value"), () => 7);
  expectClose("output", output("inner: layer(eps: 0)", scaled), output("inner: layer(eps: 0)"), tolerance);
});

describe("weights of heads", () => {
  const weights = [2, -0.5];
  const ones = set("attention.head_weight", [1, 1]);
  const weighed = set("attention.head_weight", weights);

  test.each(['head_scale: "heads"', 'head_scale: "output"'])("%s: ones change nothing", (call) => {
    expectClose("output", output(call, ones), output("bias: true"), tolerance);
  });

  test("before the output map they are those of its rows", () => {
    const rows = times(maps("w_out"), (at) => weights[at["head"]!]!);
    expectClose("output", output('head_scale: "heads"', weighed), output("bias: true", rows), tolerance);
  });

  test("after it they are those of its columns and of the bias", () => {
    const columns = times(maps("w_out", "b_out"), (at) => weights[Math.floor(at["out"]! / key)]!);
    expectClose("output", output('head_scale: "output"', weighed), output("bias: true", columns), tolerance);
    expect(() => expectClose("output", output('head_scale: "output"', ones), output("bias: true", columns), tolerance)).toThrow();
  });
});
