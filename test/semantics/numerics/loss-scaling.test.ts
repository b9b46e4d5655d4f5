/** Loss scaling in float64, where an overflow is what float32 cannot hold: gradients, updates and the scale's own way. */

import { describe, expect, test } from "vitest";
import type { NamedTensors } from "../../oracle/harness.js";
import { type Training, train } from "../../oracle/recipes.js";
import { Draw, tensor } from "./draw.js";

const recipe = (lines: string, batch = 1) => `
  train recipe of model_ {
    data npy("nothing")
    batch ${batch}
    steps 10
    ${lines}
  }`;

/** The values of slots by name, those of the scale apart. */
function values(training: Training): Record<string, number[]> {
  return Object.fromEntries([...training.slots].filter(([name]) => !name.startsWith("loss_scale")).map(([name, data]) => [name, [...data]]));
}
const scaleOf = (training: Training) => ["loss_scale", "loss_scale.good_steps"].map((name) => training.slots.get(name)![0]!);
const setScale = (training: Training, scale: number, goodSteps = 0) =>
  training.set({ loss_scale: tensor({}, [scale]), "loss_scale.good_steps": tensor({}, [goodSteps]) });

function expectClose(found: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, numbers] of Object.entries(expected)) {
    // Scaling by powers of two rounds nothing, but the simplifier folds other constants where the loss's cotangent is 1. Some
    // gradients are 0 but for rounding, such as those of biases of keys.
    const most = Math.max(...numbers.map(Math.abs), 1e-3);
    found[name]!.forEach((value, i) => expect(Math.abs(value - numbers[i]!), `${name}[${i}]`).toBeLessThanOrEqual(1e-11 * most));
  }
}

describe("without an overflow", () => {
  // Stated gradients that are no multiples of the cotangent, states of the model, and random numbers.
  const text = (precision: string) => `
    use std.norms { batch, rms }
    use std.placements { sandwich }
    use std.layers { attention, dropout, linear, mlp, patchify }
    norm damped(x) {
      param scale[feature] = 1
      state seen = 0
      state mean_cotangent[feature] = 5
      return x * scale with gradient(dy) {
        seen <- seen + 1
        mean_cotangent <- mean(dy except feature)
        return tanh(30 * dy) + 0.1 * seen
      }
    }
    stack encoder() {
      groups { cls, tokens }
      normalize {
        cls: batch(eps: 0.1)
        tokens: rms(eps: 0.1)
      }
      place sandwich
      repeat 2 { attention(heads: 2) mlp(hidden: 5) }
      normalize
    }
    model model_() {
      input image[row: 4, column: 4, channel: 2]
      input label in 3
      patches = dropout(linear(patchify(image, 2), 4), rate: 0.2)
      encoded = encoder(cls: learned(1), tokens: damped(damped(patches)))
      logits = linear(encoded.cls, 3)
      loss cross_entropy(logits, label, smoothing: 0.1)
      report accuracy(logits, label)
    }
    ${recipe(`optimizer adamw(decay: 0.1, eps: 1e-3)
    optimizer at bias: sgd(momentum: 0.9)
    schedule cosine(peak: 1e-2, warmup: 20%)
    ${precision}`, 3)}`;
  const draw = new Draw("a whole model");
  const inputs = { image: draw.normal({ batch: 3, row: 4, column: 4, channel: 2 }), label: tensor({ batch: 3 }, [2, 0, 1]) };

  test("mixed precision computes what single precision does, and reports it", { timeout: 60_000 }, () => {
    const [single, mixed] = [train(text("")), train(text("precision mixed"))];
    const before = values(mixed);
    for (let step = 0; step < 3; step++) {
      const [expected, found] = [single.step(inputs), mixed.step(inputs)];
      for (const [name, value] of Object.entries(expected)) expect(found[name]).toBeCloseTo(value, 11);
      expect(Object.keys(found)).toEqual(Object.keys(expected));
    }
    expect(values(mixed)).not.toEqual(before);
    expectClose(values(mixed), values(single));
    expect(scaleOf(mixed)).toEqual([65536, 3]);
  });

  test("an optimizer that clips its gradient sees the gradient of the loss itself", () => {
    const clipping = (precision: string) => `
      optimizer clipped(p, g, rate) {
        norm_ = sqrt(sum(g^2))
        p <- p - rate * max(min(g * min(1, 10 / norm_), 3.5), -3.5)
      }
      model model_() {
        input x[feature: 2]
        loss sum((param[feature: 2] = 1) * x)
      }
      ${recipe(`optimizer clipped schedule constant(peak: 1) ${precision}`)}`;
    const inputs = { x: tensor({ batch: 1, feature: 2 }, [-3, 4]) };
    const moved = ["", "precision mixed"].map((precision) => {
      const training = train(clipping(precision));
      training.step(inputs);
      return Object.values(values(training))[0]!;
    });
    // The norm of (-3, 4) is within 10; only the second element is clipped.
    expect(moved[0]).toEqual([4, -2.5]);
    expect(moved[1]).toEqual(moved[0]);
  });
});

describe("a gradient beyond float32", () => {
  // Its gradient is the factor times that of the loss, which is `x`: at the first scale, beyond float32 for x = 1.
  const steep = (more = "") => `
    use std.norms { batch }
    norm steep(x) {
      return x with gradient(dy) { return 1e34 * dy }
    }
    model model_() {
      input x[token: 2, feature: 2]
      w = param[feature: 2] = 3
      y = batch(x + w)
      loss mean(steep(w) * x) + mean(y)
    }
    ${recipe(more === "" ? "optimizer adamw(decay: 0) schedule rising precision mixed" : more)}
    schedule rising(step, steps) { return 1e-3 * (step + 1) }`;
  const inputs: NamedTensors = { x: tensor({ batch: 1, token: 2, feature: 2 }, [4, 8, 4, 0]) };

  test("skips the step: all values stay, the model's states among them, and the scale halves until it fits", () => {
    const training = train(steep());
    const before = values(training);
    const changing = ["w", "w.adamw.m", "w.adamw.v", "y.running_mean", "y.shift"];
    expect(Object.keys(before)).toEqual(expect.arrayContaining(changing));
    const scales: number[][] = [];
    const rates: number[] = [];
    for (let step = 0; step < 8; step++) {
      const { loss, rate } = training.step(inputs);
      expect(loss).toBeCloseTo(12, 10);
      rates.push(rate!);
      scales.push(scaleOf(training));
      if (scales.at(-1)![1] === 1) break;
      expect(values(training)).toEqual(before);
    }
    // 2^16 · 1e34 · 2 and 2^15 · 1e34 · 2 are beyond 3.4e38, and 2^14 · 1e34 · 2 is within.
    expect(scales).toEqual([[32768, 0], [16384, 0], [16384, 1]]);
    // The schedule goes on by the step's number.
    expect(rates).toEqual([1e-3, 2e-3, 3e-3].map((rate) => expect.closeTo(rate, 15) as number));
    const after = values(training);
    for (const name of changing) expect(after[name], name).not.toEqual(before[name]);
  });

  test("is no matter in single precision, nor for a part that is frozen", () => {
    const single = train(steep("optimizer adamw(decay: 0) schedule rising"));
    const before = values(single);
    single.step(inputs);
    expect(values(single)["w"]).not.toEqual(before["w"]);
    const frozen = train(steep("optimizer adamw(decay: 0) schedule rising freeze w precision mixed"));
    frozen.step(inputs);
    expect(scaleOf(frozen)).toEqual([65536, 1]);
  });
});

describe("a gradient that is no number", () => {
  const root = `
    model model_() {
      input x[feature: 2]
      w = param[feature: 2] = 1
      v = param[feature: 2] = 1
      loss sum(sqrt(w * x)) + sum(v * x)
    }
    ${recipe("optimizer sgd schedule constant(peak: 0.01) precision mixed")}`;
  const [good, bad] = [[4, 9], [4, 0]].map((x) => ({ x: tensor({ batch: 1, feature: 2 }, x) }));

  test("in one of several parameters leaves them all as they are, and counting begins anew", () => {
    const training = train(root);
    training.step(good!);
    training.step(good!);
    expect(scaleOf(training)).toEqual([65536, 2]);
    const before = values(training);
    const [{ w, v }, x] = [before as { w: number[]; v: number[] }, 4];
    expect(training.step(bad!)["loss"]).toBeCloseTo(Math.sqrt(w[0]! * x) + v[0]! * x, 10);
    expect(values(training)).toEqual(before);
    expect(scaleOf(training)).toEqual([32768, 0]);
    training.step(good!);
    expect(scaleOf(training)).toEqual([32768, 1]);
    expect(values(training)).not.toEqual(before);
  });

  test("at a scale of 1, which it never falls below, is not skipped: the run is to stop", () => {
    const training = train(root);
    setScale(training, 2);
    const before = values(training);
    training.step(bad!);
    expect(scaleOf(training)).toEqual([1, 0]);
    expect(values(training)).toEqual(before);
    training.step(bad!);
    expect(scaleOf(training)).toEqual([1, 0]);
    expect(values(training)["w"]).toEqual([expect.any(Number), NaN]);
  });
});

test("the scale doubles after 2000 good steps in a row, up to 2^24", () => {
  const training = train(`
    model model_() {
      input x[feature: 2]
      loss sum((param[feature: 2] = 1) * x)
    }
    ${recipe("optimizer sgd schedule constant(peak: 1) precision mixed")}`);
  const inputs = { x: tensor({ batch: 1, feature: 2 }, [1, 2]) };
  const after = (scale: number, goodSteps: number) => {
    setScale(training, scale, goodSteps);
    training.step(inputs);
    return scaleOf(training);
  };
  expect(after(65536, 1998)).toEqual([65536, 1999]);
  expect(after(65536, 1999)).toEqual([131072, 0]);
  expect(after(2 ** 23, 1999)).toEqual([2 ** 24, 0]);
  expect(after(2 ** 24, 1999)).toEqual([2 ** 24, 0]);
});
