/**
 * Weight decay on weights whose scale a norm removes. The gradient at w is that at w / |w| divided by |w|, and orthogonal to w, so
 * that SGD with rate r and decay d comes to rest where |w|^4 = r^2 g^2 / (1 - (1 - r d)^2), about r g^2 / (2 d), for a gradient of
 * length g on the unit sphere; from there each step turns w by about sqrt(2 r d).
 * Source: van Laarhoven, "L2 regularization versus batch and weight normalization", 2017; Wan et al., "Spherical motion dynamics", 2021.
 */

import { describe, expect, test } from "vitest";
import { compileLayer, laidOut } from "../oracle/harness.js";
import { Draw, tensor } from "../semantics/numerics/draw.js";
import { Network, compiledOf, length } from "./network.js";

describe("SGD with rate 0.1 and decay 0.005", () => {
  // On the unit sphere the gradient is a random tangent of length 1, another one in each step.
  const text = `
    model sphere {
      input x[feature: 1]
      w = param[direction: 4] ~ normal(0.5)
      even = unit(w over direction)
      r = normal_like(stop(even))
      tangent = unit(r - sum(r * stop(even) over direction) * stop(even) over direction)
      loss sum(even * tangent) + 0 * mean(x)
    }
    train run of sphere {
      data npy("data")
      optimizer sgd(decay: 5e-3)
      schedule constant(peak: 0.1)
      batch 1
      steps 1
    }`;
  const { program } = compiledOf(text);

  // Above and below the length of rest; what is left of the difference is exp(-0.002 * 10000) of it.
  test.each([1.2, 2.5])("from a length of %f comes to rest at 1.77839, and turns by 0.031624 in each step", (first) => {
    const network = new Network(program, 3);
    const drawn = network.slots.get("w")!;
    network.slots.set("w", drawn.map((value) => (value * first) / length(drawn)));
    for (let step = 0; step < 10_000; step++) network.run("step", { x: new Float64Array(1) }, true);
    const before = network.slots.get("w")!;
    network.run("step", { x: new Float64Array(1) }, true);
    const after = network.slots.get("w")!;
    const cosine = before.reduce((sum, value, i) => sum + value * after[i]!, 0) / (length(before) * length(after));
    expect(length(after)).toBeCloseTo(1.77839, 5);
    expect(Math.acos(cosine)).toBeCloseTo(0.031624, 6);
    // The formulas without terms of higher order in r d = 0.0005.
    expect(Math.abs(length(after) / (10 ** 0.25) - 1)).toBeLessThan(1e-4);
    expect(Math.abs(Math.acos(cosine) / Math.sqrt(2 * 0.1 * 5e-3) - 1)).toBeLessThan(1e-4);
  });

  test("without decay the length only grows", () => {
    const network = new Network(compiledOf(text.replace("decay: 5e-3", "decay: 0")).program, 3);
    for (let step = 0; step < 50; step++) {
      const before = length(network.slots.get("w")!);
      network.run("step", { x: new Float64Array(1) }, true);
      const after = length(network.slots.get("w")!);
      // The step is orthogonal: |w|^2 grows by (0.1 / |w|)^2.
      expect(after ** 2 - before ** 2).toBeCloseTo((0.1 / before) ** 2, 12);
    }
  });
});

test.each(["layer(x, eps: 0)", "rms(x, eps: 0)", "group(x, groups: 2, eps: 0)"])("weights in front of %s times 10: the output stays, the gradient is a tenth", (norm) => {
  const draw = new Draw(norm);
  const x = draw.normal({ batch: 3, feature: 5 });
  const weight = draw.normal({ feature: 5, out: 8 });
  const cotangent = draw.normal({ batch: 3, feature: 8 });
  const ones = tensor({ feature: 8 }, new Float64Array(8).fill(1));
  const name = norm.split("(")[0]!;
  const compiled = compileLayer(`use std.norms { ${name} } use std.layers { linear } layer main(x) { return ${norm.replace("(x", "(linear(x, 8, bias: false)")} }`, { x });
  const at = (factor: number) => compiled.run("training", {
    inputs: { x },
    parameters: { "linear.weight": { ...weight, data: (weight.data as Float64Array).map((value) => value * factor) }, [`${name}.scale`]: ones, [`${name}.shift`]: ones },
    cotangent,
  });
  const [one, ten] = [at(1), at(10)];
  one.output.data.forEach((value, i) => expect(ten.output.data[i]).toBeCloseTo(value, 12));
  const [gradient, tenth] = [one, ten].map((pass) => pass.gradients.get("linear.weight")!.data as Float64Array);
  expect(length(gradient!)).toBeGreaterThan(0.1);
  gradient!.forEach((value, i) => expect(tenth![i]! * 10).toBeCloseTo(value, 12));
  // And it is orthogonal to the weights.
  const weights = laidOut(weight, compiled.parameters.get("linear.weight")!);
  const gradients = laidOut(one.gradients.get("linear.weight")!, compiled.parameters.get("linear.weight")!);
  expect(gradients.reduce((sum, value, i) => sum + value * weights[i]!, 0)).toBeCloseTo(0, 12);
});
