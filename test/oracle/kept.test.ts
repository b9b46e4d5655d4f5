/** `kept`: a parameter's first value, and every updated one, is what its declaration keeps of it. */

import { expect, test } from "vitest";
import type { NamedTensor } from "./harness.js";
import { train } from "./recipes.js";

const spec = (kept: string, optimizer = "sgd()") => `
  use std.sharpness { sam }
  model line() {
    input dw[out: 2, feature: 3]
    w = part(dw)
    loss sum(w * dw)
  }
  layer part(x) {
    param weight[feature: 3, out: 2] ~ normal(1) kept ${kept}
    return weight
  }
  train recipe of line {
    data npy("nothing")
    optimizer ${optimizer}
    schedule constant(peak: 0.1)
    batch 1
    steps 3
  }`;

/** The squares of the weights, summed over the inputs of each output. */
function squares({ data }: NamedTensor): number[] {
  const found = [0, 0];
  Array.from(data).forEach((value, i) => (found[i % 2]! += value * value));
  return found;
}

const dw: NamedTensor = { axes: ["batch", "feature", "out"], shape: [1, 3, 2], data: [1, -2, 0.5, 3, 0, 1] };

test.each(["sgd()", "adamw()", "sam(base: sgd())"])("weights stay on the unit sphere through %s", (optimizer) => {
  const training = train(spec("unit(weight over feature)", optimizer));
  squares(training.values.get("w.weight")!).forEach((square) => expect(square).toBeCloseTo(1, 12));
  for (let step = 0; step < 3; step++) training.step({ dw });
  squares(training.values.get("w.weight")!).forEach((square) => expect(square).toBeCloseTo(1, 12));
});

test("the update comes first, and then what is kept of it", () => {
  const training = train(spec("max(weight, -0.25)"));
  const before = [...training.values.get("w.weight")!.data];
  training.step({ dw });
  const moved = before.map((value, i) => Math.max(value - 0.1 * Number(dw.data[i]), -0.25));
  [...training.values.get("w.weight")!.data].forEach((value, i) => expect(value).toBeCloseTo(moved[i]!, 12));
});

test("what has other axes cannot be kept", () => {
  expect(() => train(spec("sum(weight over feature)"))).toThrow(/N0302/);
});
