/** Optimizers against torch, with given gradients: parameters and moments after every step. */

import { expect, test } from "vitest";
import { type Tolerance, expectAllClose, fixtureNames, readFixture, renamed } from "./fixtures.js";
import type { NamedTensor } from "./harness.js";
import { train } from "./recipes.js";

/** Both sides are float64; an update is a dozen elementwise operations, and roundings add up over five steps. */
const tolerance: Tolerance = { absolute: 1e-14, relative: 1e-12 };

const names = fixtureNames("optimizer.");

test("there are fixtures of both optimizers", () => {
  expect(new Set(names.map((name) => name.split(".")[1]))).toEqual(new Set(["adamw", "sgd"]));
});

/** What the fixtures call a moment, in our words. */
const moments: Readonly<Record<string, string>> = { momentum: "sgd.velocity", first_moment: "adamw.m", second_moment: "adamw.v" };

interface Settings {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly betas: readonly number[];
  readonly eps: number;
}

function optimizerOf(kind: string, { momentum, weightDecay, nesterov, betas, eps }: Settings): string {
  if (kind === "sgd") return `sgd(momentum: ${momentum}, decay: ${weightDecay}, nesterov: ${nesterov})`;
  return `adamw(beta1: ${betas[0]}, beta2: ${betas[1]}, eps: ${eps}, decay: ${weightDecay})`;
}

test.each(names)("%s", (name) => {
  const fixture = readFixture(name);
  const kind = name.split(".")[1]!;
  // The loss is linear, so that the gradients are the inputs.
  const training = train(`
    model line() {
      input dw[feature: 3, out: 2]
      input db[out: 2]
      w = param[feature: 3, out: 2] = 0
      b = param[out: 2] = 0
      loss sum(w * dw) + sum(b * db)
    }
    train recipe of line {
      data npy("nothing")
      optimizer ${name.endsWith("defaults") ? "adamw" : optimizerOf(kind, fixture.settings as unknown as Settings)}
      schedule constant(peak: ${fixture.settings["learningRate"] as number})
      batch 1
      steps 5
    }`);
  training.set(fixture.parameters);
  const inBatch = ({ axes, shape, data }: NamedTensor): NamedTensor => ({ axes: ["batch", ...axes], shape: [1, ...shape], data });
  fixture.steps!.forEach((step, i) => {
    training.step({ dw: inBatch(step.gradients!["w"]!), db: inBatch(step.gradients!["b"]!) });
    expectAllClose(`step ${i}:`, training.values, step.parametersAfter!, tolerance);
    const own = renamed(step.statesAfter!, (state) => `${state.split(".")[0]!}.${moments[state.split(".")[1]!]!}`);
    expectAllClose(`step ${i}:`, training.values, own, tolerance);
  });
});
