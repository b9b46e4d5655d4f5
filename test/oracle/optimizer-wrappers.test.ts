/**
 * Optimizers that see all parameters together, or take a second gradient, against invariants and rules written out by hand. A tiny
 * classifier with a norm is trained in float64; tolerances are those of float64 sums.
 */

import { expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import type { NamedTensor, NamedTensors } from "./harness.js";
import { type Training, train } from "./recipes.js";

const batch = 4;
const x: NamedTensor = { axes: ["batch", "feature"], shape: [batch, 5], data: [...normals(keyOf(3, "x", 0), batch * 5, new Float64Array(batch * 5))] };
const label: NamedTensor = { axes: ["batch"], shape: [batch], data: [0, 2, 1, 2] };
const inputs = { x, label };

const model = (norm = "layer") => `
  use std.norms { batch, layer }
  use std.layers { linear }
  use std.sharpness { sam, sparse_sam }
  use std.noise { noise_watched, noise_driven }
  model classifier(examples = 4) {
    input x[feature: 5]
    input label in 3
    h = ${norm}(linear(x, 6))
    logits = linear(h, 3)
    loss cross_entropy(logits, label)
  }`;

/** A recipe with these lines, at a constant rate. */
function recipe(lines: string, { norm = "layer", rate = 0.1, size = batch, steps = 20 } = {}): Training {
  return train(`${model(norm)}
  train recipe of classifier {
    data npy("nothing")
    ${lines}
    schedule constant(peak: ${rate})
    batch ${size}
    steps ${steps}
  }`);
}

type Values = ReadonlyMap<string, ArrayLike<number>>;

function copied({ values, program }: Training): Map<string, number[]> {
  return new Map(program.parameters.map(({ name }) => [name, [...values.get(name)!.data]]));
}

/** before - after, divided by the rate: with plain SGD the gradient that it was given. */
function stepped(training: Training, rate = 0.1, given: NamedTensors = inputs): Map<string, number[]> {
  const before = copied(training);
  training.step(given);
  const after = copied(training);
  return new Map([...before].map(([name, old]) => [name, old.map((value, i) => (value - after.get(name)![i]!) / rate)]));
}

function squares(values: Values): number {
  return [...values.values()].reduce((sum, data) => sum + Array.from(data).reduce((a, b) => a + b * b, 0), 0);
}

function gradientsAt(start: ReadonlyMap<string, readonly number[]>, norm = "layer"): Map<string, number[]> {
  const plain = recipe("optimizer sgd()", { norm });
  place(plain, start);
  return stepped(plain);
}

function place(training: Training, values: ReadonlyMap<string, readonly number[]>): void {
  for (const [name, data] of values) training.set({ [name]: { ...training.values.get(name)!, data } });
}

function expectAlike(found: Values, wanted: Values, digits = 9): void {
  for (const [name, data] of wanted) Array.from(data).forEach((value, i) => expect(found.get(name)![i], `${name} ${i}`).toBeCloseTo(value, digits));
}

const isNorm = (name: string) => name.startsWith("h.");

test("clipping shrinks all gradients together to the limit, also those of another line, and leaves short ones alone", () => {
  const lines = (limit: number) => `optimizer clipped(base: sgd(), limit: ${limit})
    optimizer at norm: clipped(base: sgd(), limit: ${limit})`;
  const start = copied(recipe("optimizer sgd()"));
  const g = gradientsAt(start);
  const clipped = recipe(lines(0.01));
  const length = Math.sqrt(squares(g));
  const step = stepped(clipped);
  expect(Math.sqrt(squares(step))).toBeCloseTo(0.01 * (length / (length + 1e-6)), 9);
  expectAlike(step, new Map([...g].map(([name, data]) => [name, data.map((value) => (value * 0.01) / (length + 1e-6))])));
  expectAlike(stepped(recipe(lines(100))), g);
  const reported = recipe(lines(1)).step(inputs);
  expect(reported["gradient_norm"]).toBeCloseTo(length, 9);
});

/** T of the variants, elementwise, by the parameter's values, its gradient and whether it is a bias. */
type Reach = (p: readonly number[], g: readonly number[], isBias: boolean) => number[];
const eta = 0.01;
const variants: readonly (readonly [string, Reach])[] = [
  ["none", (p) => p.map(() => 1)],
  ['"element"', (p, _, isBias) => p.map((value) => (isBias ? 1 : Math.abs(value) + eta))],
  ['"layer"', (p, _, isBias) => p.map(() => (isBias ? 1 : Math.sqrt(p.reduce((sum, value) => sum + value * value, 0)) + eta))],
  ['"fisher"', (_, g) => g.map((value) => 1 / Math.sqrt(1 + eta * value * value))],
];

test.each(variants.flatMap(([adaptive, reach]) => [2, "infinity"].flatMap((order) => [false, true].map((onlyNorms) => ({ adaptive, reach, order, onlyNorms })))))(
  "sam with adaptive $adaptive, order $order, only norms: $onlyNorms: |e / T| is rho, and the gradient is the one at p + e",
  ({ adaptive, reach, order, onlyNorms }) => {
    const rho = 0.05;
    const training = recipe(`optimizer sam(base: sgd(), rho: ${rho}, adaptive: ${adaptive}, order: ${order}${onlyNorms ? ', only: "norm"' : ""})`);
    const p = copied(training);
    const g = gradientsAt(p);
    const t = new Map([...p].map(([name, data]) => [name, reach(data, g.get(name)!, name.endsWith(".bias"))]));
    const rising = [...p.keys()].filter((name) => !onlyNorms || isNorm(name));
    const length = Math.sqrt(squares(new Map(rising.map((name) => [name, g.get(name)!.map((value, i) => value * t.get(name)![i]!)]))));
    const rise = new Map(
      [...p].map(([name]) => [name, g.get(name)!.map((value, i) => {
        const own = t.get(name)![i]!;
        if (!rising.includes(name)) return 0;
        return order === 2 ? (rho * own * own * value) / length : rho * own * Math.sign(value);
      })]),
    );
    const relative = new Map([...rise].map(([name, data]) => [name, data.map((value, i) => value / t.get(name)![i]!)]));
    if (order === 2) expect(Math.sqrt(squares(relative))).toBeCloseTo(rho, 12);
    else expect(Math.max(...[...relative.values()].flat().map(Math.abs))).toBeCloseTo(rho, 12);
    // The gain to first order, g . e, is rho times the dual length of T g.
    const gain = [...rise].reduce((sum, [name, data]) => sum + data.reduce((a, value, i) => a + value * g.get(name)![i]!, 0), 0);
    const dual = order === 2 ? length : rising.reduce((sum, name) => sum + g.get(name)!.reduce((a, value, i) => a + Math.abs(value * t.get(name)![i]!), 0), 0);
    expect(gain).toBeCloseTo(rho * dual, 12);
    const raised = new Map([...p].map(([name, data]) => [name, data.map((value, i) => value + rise.get(name)![i]!)]));
    expectAlike(stepped(training), gradientsAt(raised));
  },
);

test("running statistics move once in a step of sam, by the first pass", () => {
  const states = ({ values, program }: Training) => program.states.filter(({ owner }) => owner === "model").map(({ name }) => [...values.get(name)!.data]);
  const plain = recipe("optimizer sgd()", { norm: "batch" });
  const twice = recipe("optimizer sam(base: sgd())", { norm: "batch" });
  plain.step(inputs);
  twice.step(inputs);
  expect(states(twice)).toEqual(states(plain));
});

test("sparse sam raises the elements of the largest squared gradients of the examples, to the share asked for", () => {
  const training = recipe("optimizer sparse_sam(base: sgd(), sparsity: 0.75)");
  training.step(inputs);
  const masks = training.program.states.filter(({ name }) => name.endsWith(".mask")).flatMap(({ name }) => [...training.values.get(name)!.data]);
  const share = masks.reduce((sum, value) => sum + value, 0) / masks.length;
  expect(new Set(masks)).toEqual(new Set([0, 1]));
  expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
});

test("accumulation over two batches is one step with their mean gradient, and the base counts its own steps", () => {
  const other = { x: { ...x, data: Array.from(x.data, (value) => value * 0.5 + 0.1) }, label };
  const training = recipe("optimizer accumulated(parts: 2, base: adamw(decay: 0.1))");
  const start = copied(training);
  const plain = recipe("optimizer sgd()");
  const first = gradientsAt(start);
  expect(squares(stepped(training))).toBe(0);
  const second = stepped(plain, 0.1, other);
  stepped(training, 0.1, other);
  // What Adam does with the mean gradient in its first step.
  const after = copied(training);
  for (const [name, data] of start) {
    data.forEach((value, i) => {
      const mean = (first.get(name)![i]! + second.get(name)![i]!) / 2;
      expect(after.get(name)![i]).toBeCloseTo(value - 0.1 * (mean / (Math.abs(mean) + 1e-8) + 0.1 * value), 9);
    });
  }
  expect(training.program.states.filter(({ name }) => name.endsWith(".gathered")).every(({ name }) => [...training.values.get(name)!.data].every((value) => value === 0))).toBe(true);
});

test("evaluation reads the running mean of the parameters, which begins with their first values", () => {
  const training = recipe("optimizer averaged(base: sgd(), keep: 0.9)");
  const mean = copied(training);
  expect(training.look("evaluate", inputs)["loss"]).toBeCloseTo(training.look("forward", inputs)["loss"]!, 12);
  for (let t = 1; t <= 5; t++) {
    training.step(inputs);
    const keep = Math.min((1 + t) / (10 + t), 0.9);
    const now = copied(training);
    for (const [name, data] of mean) mean.set(name, data.map((value, i) => keep * value + (1 - keep) * now.get(name)![i]!));
  }
  const plain = recipe("optimizer sgd()");
  place(plain, mean);
  expect(training.look("evaluate", inputs)["loss"]).toBeCloseTo(plain.look("evaluate", inputs)["loss"]!, 10);
});

const tower = (optimizer: string) =>
  train(`
    use std.norms { layer }
    use std.placements { pre }
    use std.layers { linear, mlp }
    stack encoder() {
      groups { tokens }
      normalize { tokens: layer }
      place pre
      repeat 2 { mlp(hidden: 8) }
    }
    model regression() {
      input x[token: 3, feature: 5]
      encoded = encoder(tokens: linear(x, 4))
      loss mean(linear(encoded, 2)^2)
    }
    train recipe of regression {
      data npy("nothing")
      optimizer ${optimizer}
      schedule constant(peak: 0.1)
      batch 2
      steps 3
    }`);

test("rates fall from layer to layer, as in MAE's fine-tuning", () => {
  const given = { x: { axes: ["batch", "token", "feature"], shape: [2, 3, 5], data: [...normals(keyOf(5, "x", 0), 30, new Float64Array(30))] } };
  const slow = stepped(tower('layerwise(base: sgd(), first: "encoder.tokens", decay: 0.5)'), 0.1, given);
  const fast = stepped(tower("sgd()"), 0.1, given);
  const factors = new Map(
    [...fast].map(([name, data]) => {
      const i = data.findIndex((value) => Math.abs(value) > 1e-9);
      return [name, slow.get(name)![i]! / data[i]!];
    }),
  );
  const factor = (part: string) => [...factors].find(([name]) => name.startsWith(part))![1];
  expect(factor("encoder.tokens")).toBeCloseTo(0.125, 9);
  expect(factor("encoder.0.")).toBeCloseTo(0.25, 9);
  expect(factor("encoder.1.")).toBeCloseTo(0.5, 9);
  expect(factor("linear")).toBeCloseTo(1, 9);
});

/** The gradient of each example's own loss. */
function exampleGradients(start: ReadonlyMap<string, readonly number[]>): Map<string, number[]>[] {
  return Array.from({ length: batch }, (_, i) => {
    const one = recipe("optimizer sgd()", { size: 1 });
    place(one, start);
    const own = { x: { axes: ["batch", "feature"], shape: [1, 5], data: Array.from(x.data).slice(5 * i, 5 * i + 5) }, label: { axes: ["batch"], shape: [1], data: [label.data[i]!] } };
    return stepped(one, 0.1, own);
  });
}

test.each(["norm", "norm, bias, weight"])("the gradient noise scale of %s is that of the single examples' gradients", (of) => {
  const training = recipe(`optimizer noise_watched(base: sgd(), watched: "${of}", keep: 0)`);
  const start = copied(training);
  const each = exampleGradients(start).map((own) => new Map([...own].filter(([name]) => of !== "norm" || isNorm(name))));
  const small = each.reduce((sum, own) => sum + squares(own), 0) / batch;
  const names = [...each[0]!.keys()];
  const mean = new Map(names.map((name) => [name, each[0]!.get(name)!.map((_, i) => each.reduce((sum, own) => sum + own.get(name)![i]!, 0) / batch)]));
  const large = squares(mean);
  const square = (batch * large - small) / (batch - 1);
  const spread = (small - large) / (1 - 1 / batch);
  const reported = training.step(inputs);
  expect(training.values.get("optimizer.noise_watched.square")!.data[0]).toBeCloseTo(square, 12);
  expect(training.values.get("optimizer.noise_watched.spread")!.data[0]).toBeCloseTo(spread, 12);
  expect(reported["noise_scale"]! / (spread / Math.max(square, 1e-20))).toBeCloseTo(1, 9);
});

test("for a batch of two, |G|^2 is the product of the two gradients, and tr S the sum of their sample variances", () => {
  const training = train(`${model()}
  train recipe of classifier {
    data npy("nothing")
    optimizer noise_watched(base: sgd(), keep: 0)
    schedule constant(peak: 0.1)
    batch 2
    steps 3
  }`);
  const start = copied(training);
  const two = { x: { ...x, shape: [2, 5], data: Array.from(x.data).slice(0, 10) }, label: { ...label, shape: [2], data: [0, 2] } };
  training.step(two);
  const [first, second] = exampleGradients(start).slice(0, 2).map((own) => [...own].filter(([name]) => isNorm(name)).flatMap(([, data]) => data));
  const dot = first!.reduce((sum, value, i) => sum + value * second![i]!, 0);
  const variance = first!.reduce((sum, value, i) => sum + (value - second![i]!) ** 2 / 2, 0);
  expect(training.values.get("optimizer.noise_watched.square")!.data[0]).toBeCloseTo(dot, 12);
  expect(training.values.get("optimizer.noise_watched.spread")!.data[0]).toBeCloseTo(variance, 12);
});

test("a batch that grows with the noise scale waits for as many batches as it asks for", () => {
  const training = recipe('optimizer noise_driven(base: sgd(), keep: 0.5, factor: 100, most: 3)');
  const sizes: number[] = [];
  const moves: boolean[] = [];
  for (let step = 0; step < 8; step++) {
    const before = copied(training);
    sizes.push(training.step(inputs)["batch_size"]!);
    moves.push([...copied(training)].some(([name, data]) => data.some((value, i) => value !== before.get(name)![i])));
  }
  expect(sizes[0]).toBe(batch);
  expect(sizes.at(-1)).toBe(3 * batch);
  expect(moves.slice(0, 7)).toEqual([true, false, false, true, false, false, true]);
});

test("gradients of single examples are refused where a norm couples the examples", () => {
  expect(() => recipe("optimizer noise_watched(base: sgd())", { norm: "batch" })).toThrow(/N0406/);
});

test("a state that is shared cannot take another value for each parameter", () => {
  expect(() =>
    train(`${model()}
    optimizer wrong(p, g, rate) {
      shared length = 0
      length <- sum(p^2)
      p <- p - rate * g
    }
    train recipe of classifier {
      data npy("nothing")
      optimizer wrong()
      schedule constant(peak: 0.1)
      batch 4
      steps 3
    }`),
  ).toThrow(/one number for all parameters/);
});
