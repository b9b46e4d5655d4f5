/**
 * How similar two inputs become in a deep network of layer norm and ReLU: at infinite width a layer takes their cosine c to
 * k(c) = (sqrt(1 - c^2) + c (pi - arccos c)) / pi, so that from orthogonal inputs it goes to 1.
 * Source: Cho and Saul, "Kernel methods for deep learning", 2009 (the arc-cosine kernel of first order).
 */

import { expect, test } from "vitest";
import { compiledOf, mean, onCpu } from "./network.js";

const width = 1024;
const inputs = 16;
const seeds = [1, 2, 3, 4];
const depth = 20;
/** At infinite width, after so many layers. */
const limit: Readonly<Record<number, number>> = { 1: 0.3183, 2: 0.4937, 3: 0.6048, 5: 0.7359, 10: 0.8715, 20: 0.9484 };

const layers = Array.from({ length: depth }, (_, i) => `h${i + 1} = relu(layer(map(h${i}, ${width})))`).join("\n");
const spec = `use std.norms { layer }
layer map(x, out) {
  param weight[feature, out: out] ~ he
  return dot(x, weight over feature)[out as feature]
}
model deep {
  input x[feature: ${width}]
  h0 = x
  ${layers}
  loss mean(h${depth})
  ${Object.keys(limit).map((at) => `u${at} = unit(h${at} over feature)\n cosine${at} = dot(u${at}, u${at}[batch as other] over feature)\n report after_${at}: mean(cosine${at} where index(x over batch) != index(cosine${at} over other))`).join("\n")}
}
train run of deep {
  data npy("data")
  optimizer sgd
  schedule constant(peak: 1)
  batch ${inputs}
  steps 1
}`;

test(`networks of width ${width} follow the cosine map of infinite width`, async () => {
  const compiled = compiledOf(spec);
  const x = new Float32Array(inputs * width);
  for (let i = 0; i < inputs; i++) x[i * width + i] = 1;
  const batch = { inputs: new Map([["x", x]]), valid: inputs };
  const runs: Readonly<Record<string, number>>[] = [];
  for (const seed of seeds) runs.push(await onCpu(compiled, seed, (engine) => engine.evaluate(batch)));
  for (const [at, expected] of Object.entries(limit)) {
    const found = runs.map((reports) => reports[`after_${at}`]!);
    // Of one pair, the cosine after a layer deviates by about 1 / sqrt(width) = 0.03, and the pairs of a network share its weights.
    expect(Math.abs(mean(found) - expected), `after ${at} layers: ${found.join(", ")}`).toBeLessThan(0.012);
  }
});
