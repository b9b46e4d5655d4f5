/** Which statistics batch norm takes, and a floor for the variance where examples hardly differ. */

import { describe, expect, test } from "vitest";
import { expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";

const batch = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [data.length, 1], data });
const one = (value: number): NamedTensor => ({ axes: ["feature"], shape: [1], data: [value] });

const x = batch([1, 2, 3, 4]);
const parameters = { "batch.scale": one(2), "batch.shift": one(1) };
const states = { "batch.running_mean": one(0.25), "batch.running_variance": one(4) };
/** Of the batch by the mean 2.5 and the variance 1.25, and by the running ones. */
const byBatch = batch([-1.5, -0.5, 0.5, 1.5].map((own) => (2 * own) / Math.sqrt(1.25) + 1));
const byRunning = batch([0.75, 1.75, 2.75, 3.75].map((own) => own + 1));
const close = { absolute: 1e-12, relative: 1e-12 };

const compiled = (more: string) => compileLayer(`use std.norms { batch } layer main(x) { return batch(x, eps: 0${more}) }`, { x });

describe.each([
  ["", byBatch, byRunning],
  [', statistics: "running"', byBatch, byRunning],
  [', statistics: "frozen"', byRunning, byRunning],
  [', statistics: "batch"', byBatch, byBatch],
])("batch(x, eps: 0%s)", (more, training, evaluation) => {
  const layer = compiled(more);
  test("normalises by", () => {
    expectClose("training", layer.run("training", { inputs: { x }, parameters, states }).output, training, close);
    expectClose("evaluation", layer.run("evaluation", { inputs: { x }, parameters, states }).output, evaluation, close);
  });

  test("moves its running statistics, or has none to move", () => {
    const moved = layer.run("training", { inputs: { x }, parameters, states }).statesAfter;
    const adapts = training === byBatch && evaluation === byRunning;
    expect([...moved.keys()].sort()).toEqual(adapts ? ["batch.running_mean", "batch.running_variance"] : []);
    expect(layer.program.states).toHaveLength(evaluation === byBatch ? 0 : 2);
  });

  test("lets a gradient through the statistics of a batch alone", () => {
    const dy = batch([1, 0, 0, 0]);
    const { gradients } = layer.run("training", { inputs: { x }, parameters, states, cotangent: dy });
    const [first, ...others] = gradients.get("x")!.data;
    if (training === byRunning) expect([first, ...others]).toEqual([1, 0, 0, 0]);
    else expect(first! + others.reduce((sum, own) => sum + own, 0)).toBeCloseTo(0, 12);
  });
});

test("another word for them is an error", () => {
  expect(() => compiled(', statistics: "none"')).toThrow("mu");
});

describe("a feature that drifts by 1e-4 a step and is the same in every example", () => {
  /** What evaluation gives after 300 steps of training, and how far training ever got from the shift. */
  function drift(more: string): { evaluated: number; trained: number; variance: number } {
    const layer = compileLayer(`use std.norms { batch } layer main(x) { return batch(x${more}) }`, { x });
    const given = { parameters: { "batch.scale": one(1), "batch.shift": one(0) } };
    let state: NamedTensors = { "batch.running_mean": one(0), "batch.running_variance": one(1) };
    let trained = 0;
    const at = (step: number) => batch(Array.from({ length: 4 }, () => 1e-4 * step));
    for (let step = 0; step < 300; step++) {
      const { output, statesAfter } = layer.run("training", { inputs: { x: at(step) }, states: state, ...given });
      trained = Math.max(trained, ...output.data.map(Math.abs));
      state = Object.fromEntries(statesAfter);
    }
    const evaluated = layer.run("evaluation", { inputs: { x: at(299) }, states: state, ...given }).output.data[0]!;
    return { evaluated, trained, variance: state["batch.running_variance"]!.data[0]! };
  }

  test("is amplified by evaluation, which lags behind", () => {
    const { evaluated, trained, variance } = drift("");
    // The design notes give three decimals; the running mean lags by nine steps.
    expect(evaluated).toBeCloseTo(0.285, 3);
    expect(trained).toBeLessThan(2e-4);
    expect(variance).toBeLessThan(1e-12);
  });

  test("is not where the variance has a floor", () => {
    expect(drift(", floor: 0.01").evaluated).toBeCloseTo(9e-4 / Math.sqrt(0.01001), 6);
  });
});

test("a floor below the variance changes nothing", () => {
  expectClose("training", compiled(", floor: 1").run("training", { inputs: { x }, parameters, states }).output, byBatch, close);
  const floored = batch([-1.5, -0.5, 0.5, 1.5].map((own) => (2 * own) / 4 + 1));
  expectClose("training", compiled(", floor: 16").run("training", { inputs: { x }, parameters, states }).output, floored, close);
});
