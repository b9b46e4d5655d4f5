/**
 * Gradients and streams of transformers at their first values, by placement of the norms: those of the last layer stay as large with
 * post-norm however deep the network is, and fall as 1 / sqrt(L) with pre-norm; streams grow with depth.
 * Source: Xiong et al., "On layer normalization in the transformer architecture", 2020, theorem 1 and lemma 2, in their setting: Gaussian
 * inputs, one head of uniform attention, square Gaussian matrices of deviation 1 / sqrt(d), among them the output's, no biases.
 */

import { expect, test } from "vitest";
import type { Program } from "../../src/ir/program.js";
import { Draw } from "../semantics/numerics/draw.js";
import { Network, compiledOf, length, mean, meanSquare, onCpu, plainSteps } from "./network.js";

const d = 128;
const tokens = 16;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const depths = [2, 6, 12];

/** The final norm stands in the model, so that it can report the stream in front of it. */
function specOf(placement: string, depth: number): string {
  const isPost = /post|deep/.test(placement);
  return `use std.norms { layer }
use std.placements { deep, post, pre, sandwich }
use std.layers { attention, mlp }
stack encoder() {
  groups { tokens }
  normalize { tokens: layer }
  place ${placement}
  repeat ${depth} {
    attention(heads: 1, bias: false)
    mlp(hidden: ${d}, activation: relu)
  }
}
model language() {
  input x[token: ${tokens}, feature: ${d}]
  input target[token: ${tokens}] in ${d}
  table = param[vocabulary: ${d}, feature: ${d}] ~ normal
  stream = encoder(tokens: x)
  encoded = ${isPost ? "stream" : "layer(stream)"}
  loss cross_entropy(dot(encoded, table over feature)[vocabulary as feature], target)
  report size: mean(stream^2)
}
train run of language { ${plainSteps(1)} }`;
}

interface Measured {
  /** Length of the gradient of the MLP's second matrix, in the last layer and in the first. */
  readonly last: number;
  readonly first: number;
  /** Mean square of the stream at its end. */
  readonly stream: number;
}

/** The matrices of a network: Gaussian, but for those of queries and keys, which are 0. Those of layers are scaled by `gain`. */
function matrices(program: Program, gain: number, draw: Draw): Map<string, Float32Array> {
  const drawn = program.parameters.filter(({ name }) => /\.w_|table/.test(name)).map(({ name, type }): [string, Float32Array] => {
    const extents = Object.fromEntries(type.axes.map((axis) => [axis.name, axis.extent]));
    const scale = /w_query|w_key/.test(name) ? 0 : name === "table" ? 1 : gain;
    return [name, Float32Array.from(draw.normal(extents, scale / Math.sqrt(d)).data)];
  });
  return new Map(drawn);
}

function sequence(draw: Draw): Map<string, Float32Array | Int32Array> {
  return new Map<string, Float32Array | Int32Array>([
    ["x", Float32Array.from(draw.normal({ token: tokens, feature: d }).data)],
    ["target", Int32Array.from(draw.wholes({ token: tokens }, 0, d - 1).data)],
  ]);
}

/** Means over the seeds. The recipe's steps subtract the gradient from the parameters. */
async function measured(placement: string, depth: number): Promise<Measured> {
  const isDeep = placement === "deep";
  const compiled = compiledOf(specOf(isDeep ? `deep(alpha: ${(2 * depth) ** 0.25})` : placement, depth));
  const runs = await onCpu(compiled, 1, async (engine) => {
    const own = await engine.read();
    const found: Measured[] = [];
    for (const seed of seeds) {
      const draw = new Draw(`${placement} ${depth} ${seed}`);
      const before = new Map([...own, ...matrices(compiled.program, isDeep ? (8 * depth) ** -0.25 : 1, draw)]);
      await engine.write(before);
      const { reports } = await engine.step({ inputs: sequence(draw), valid: 1 }, 0, 1);
      const after = await engine.read();
      const of = (layer: number) => {
        const name = `encoder.${layer}.mlp.w_out`;
        return length((after.get(name) as Float32Array).map((value, i) => value - before.get(name)![i]!));
      };
      found.push({ last: of(depth - 1), first: of(0), stream: reports["size"]! });
    }
    return found;
  });
  const average = (key: keyof Measured) => mean(runs.map((run) => run[key]));
  return { last: average("last"), first: average("first"), stream: average("stream") };
}

/** Lengths of the last layer's gradient that a program in PyTorch gave, over 8 seeds, for each depth; a seed deviates by about a tenth. */
const elsewhere: Readonly<Record<string, readonly number[]>> = { post: [1.62, 1.77, 1.72], pre: [1.32, 0.82, 0.56], sandwich: [1.35, 0.84, 0.57], deep: [0.7, 0.4, 0.28] };

/** By depth. */
async function tableOf(placement: string): Promise<Map<number, Measured>> {
  const table = new Map<number, Measured>();
  for (const depth of depths) table.set(depth, await measured(placement, depth));
  [...table.values()].forEach(({ last }, i) => expect(Math.abs(last / elsewhere[placement]![i]! - 1)).toBeLessThan(0.12));
  return table;
}

/** How far values are from being all the same: the largest deviation from their mean, as a share of it. */
function deviation(values: readonly number[]): number {
  return Math.max(...values.map((value) => Math.abs(value / mean(values) - 1)));
}

test("post-norm: the gradient of the last layer is the same at every depth, and the second norm reads 3 d / 2", async () => {
  const table = await tableOf("post");
  expect(deviation([...table.values()].map(({ last }) => last))).toBeLessThan(0.1);
  for (const { stream } of table.values()) expect(stream).toBeCloseTo(1, 3);

  const { program } = compiledOf(specOf("post", 2));
  const inner = seeds.map((seed) => {
    const draw = new Draw(`post inner ${seed}`);
    const network = new Network(program, seed);
    for (const [name, data] of matrices(program, 1, draw)) network.slots.set(name, Float64Array.from(data));
    const given = Object.fromEntries([...sequence(draw)].map(([name, data]) => [name, Float64Array.from(data)]));
    const { values } = network.run("forward", given);
    const read = [...values.keys()].find((op) => op.kind === "reduce_sum" && op.place === "encoder.0.mlp.after.tokens")!.operands[0]!;
    return meanSquare(values.get(read)!);
  });
  expect(Math.abs(mean(inner) - 1.5)).toBeLessThan(0.03);
});

test("pre-norm: the gradient of the last layer falls as 1 / sqrt(L), and the stream grows between its bounds", async () => {
  const table = await tableOf("pre");
  expect(deviation([...table].map(([depth, { last }]) => last * Math.sqrt(depth)))).toBeLessThan(0.15);
  for (const [depth, { stream }] of table) {
    expect(stream).toBeGreaterThan(1 + depth / 2);
    expect(stream).toBeLessThan(1 + (3 * depth) / 2);
  }
});

test("sandwich norm: each sublayer adds 1 to the stream", async () => {
  const table = await tableOf("sandwich");
  for (const [depth, { stream }] of table) expect(Math.abs(stream / (1 + 2 * depth) - 1)).toBeLessThan(0.1);
});

test("DeepNorm: gradients fall as 1 / sqrt(L), in the first layer as in the last", async () => {
  const table = await tableOf("deep");
  expect(deviation([...table].map(([depth, { last }]) => last * Math.sqrt(depth)))).toBeLessThan(0.1);
  for (const { first, last } of table.values()) expect(Math.abs(last / first - 1)).toBeLessThan(0.1);
});
