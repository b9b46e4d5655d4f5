/** The gradients by which a compiled recipe moves its parameters: those of its loss, and those that definitions state. */

import { describe, expect, test } from "vitest";
import type { NamedTensors } from "../../oracle/harness.js";
import { type Training, train } from "../../oracle/recipes.js";
import { expectSlope } from "./differences.js";
import { Draw, tensor } from "./draw.js";

/** SGD at rate 1 and without momentum moves a parameter by its gradient. */
const recipe = (batch: number) => `
  train recipe of model_ {
    data npy("nothing")
    optimizer sgd
    schedule constant(peak: 1)
    batch ${batch}
    steps 1
  }`;

function gradientsOf(training: Training, inputs: NamedTensors): NamedTensors {
  const before = new Map(training.slots);
  training.step(inputs);
  const gradients = [...training.values].flatMap(([name, value]) => {
    const start = before.get(name)!;
    return [[name, { ...value, data: start.map((own, i) => own - value.data[i]!) }] as const];
  });
  for (const [name, value] of before) training.slots.set(name, value);
  return Object.fromEntries(gradients);
}

test("a step moves every parameter of a whole model by the derivative of the loss", { timeout: 60_000 }, () => {
  const spec = `
    use std.norms { batch, rms }
    use std.placements { sandwich }
    use std.layers { attention, dropout, linear, mlp, patchify }
    stack encoder() {
      groups { cls, registers, tokens }
      normalize {
        cls, tokens: batch(eps: 0.1)
        registers: rms(eps: 0.1)
      }
      place sandwich
      repeat 2 { attention(heads: 2) mlp(hidden: 5) }
      normalize
    }
    model model_() {
      input image[row: 4, column: 4, channel: 2]
      input label in 3
      patches = dropout(linear(patchify(image, 2), 4), rate: 0.2)
      position = param[token, feature] ~ normal(0.5)
      encoded = encoder(cls: learned(1), registers: learned(2, deviation: 1), tokens: patches + position)
      logits = linear(encoded.cls, 3)
      loss cross_entropy(logits, label, smoothing: 0.1)
      loss 0.1 * mean(encoded.tokens^2)
    }
    ${recipe(3)}`;
  const draw = new Draw("a whole model");
  const inputs = { image: draw.normal({ batch: 3, row: 4, column: 4, channel: 2 }), label: tensor({ batch: 3 }, [2, 0, 1]) };
  const gradients = gradientsOf(train(spec), inputs);
  // Before its first step, so that dropout draws the same numbers.
  const training = train(spec);
  for (const { name } of training.program.parameters) {
    const value = training.slots.get(name)!;
    expectSlope(`d ${name}`, gradients[name]!, draw, (direction, by) => {
      training.slots.set(name, value.map((own, i) => own + by * direction.data[i]!));
      const { loss } = training.look("forward", inputs);
      training.slots.set(name, value);
      return loss!;
    });
  }
});

describe("a definition that states its gradient", () => {
  // Rounding passes its cotangent on, scaled by `strength` and by a running count of the steps.
  const spec = `
    norm rounded(x, strength = 3) {
      param scale[feature] = 2
      state steps_seen = 0
      state mean_cotangent[feature] = 5
      y = floor(x + 0.5) * scale
      return y with gradient(dy) {
        seen = steps_seen + 1
        steps_seen <- seen
        mean_cotangent <- mean(dy except feature)
        return strength * seen * dy
      }
    }
    model model_() {
      input weight[feature: 2]
      x = param[token: 3, feature: 2] = 0
      y = rounded(x)
      loss sum(y * weight)
    }
    ${recipe(1)}`;
  const weight = tensor({ batch: 1, feature: 2 }, [10, -7]);
  const x = tensor({ token: 3, feature: 2 }, [0.2, 1.6, -2.4, 0.9, 3.3, 2.2]);
  const start = (): Training => {
    const training = train(spec);
    training.set({ x });
    return training;
  };
  const closeTo = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 10) as number);
  const valueOf = (training: Training, name: string) => [...training.slots.get(name)!];

  test("its argument receives that gradient, and not the derivative of the forward computation", () => {
    const gradients = gradientsOf(start(), { weight });
    expect([...gradients["x"]!.data]).toEqual(closeTo([30, -21, 30, -21, 30, -21]));
  });

  test("its parameters receive the derivative of the forward computation", () => {
    const gradients = gradientsOf(start(), { weight });
    const sums = [0 - 2 + 3, 2 + 1 + 2];
    expect([...gradients["y.scale"]!.data]).toEqual(closeTo([10 * sums[0]!, -7 * sums[1]!]));
  });

  test("states change by the real cotangent", () => {
    const training = start();
    training.step({ weight });
    expect(valueOf(training, "y.steps_seen")).toEqual([1]);
    // dy is the weight for every token: the cotangent of y, the norm's own result.
    expect(valueOf(training, "y.mean_cotangent")).toEqual([10, -7]);
    const before = valueOf(training, "x");
    training.step({ weight });
    expect(valueOf(training, "y.steps_seen")).toEqual([2]);
    expect(valueOf(training, "x").map((value, i) => before[i]! - value)).toEqual(closeTo([60, -42, 60, -42, 60, -42]));
  });

  test("outside a step there is the value alone", () => {
    const training = start();
    const before = new Map(training.slots);
    const loss = 2 * (10 * (0 - 2 + 3) - 7 * (2 + 1 + 2));
    expect(training.look("evaluate", { weight })["loss"]).toBe(loss);
    expect(training.look("forward", { weight })["loss"]).toBe(loss);
    expect(new Map(training.slots)).toEqual(before);
  });

  test("two uses keep their gradients and states apart", () => {
    const training = train(spec.replace("y = rounded(x)", "y = rounded(rounded(x))"));
    training.set({ x });
    const gradients = gradientsOf(training, { weight });
    // Each passes on three times its own cotangent.
    expect(gradients["x"]!.data[0]).toBeCloseTo(90, 10);
    training.step({ weight });
    const means = training.program.states.filter(({ name }) => name.endsWith("mean_cotangent")).map(({ name }) => valueOf(training, name)[0]!);
    expect(means.sort((a, b) => a - b)).toEqual([10, 30]);
  });
});
