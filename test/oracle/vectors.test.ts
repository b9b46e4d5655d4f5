/** The hand-checkable vectors of the design notes: a second witness beside torch, and norms written in the language. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tolerance, expectClose } from "./fixtures.js";
import { type NamedTensor, type NamedTensors, compileLayer, runLayer } from "./harness.js";

interface Vector {
  readonly op: string;
  readonly variant?: string;
  readonly forward: readonly number[];
  readonly dx: readonly number[];
  readonly statesAfter: Readonly<Record<string, number>>;
  readonly evaluationForward: readonly number[];
}
interface PowerVector {
  readonly steps: readonly {
    readonly forward?: readonly number[];
    readonly forwardDivisorSquared?: number;
    readonly statesAfter?: Readonly<Record<string, number>>;
    readonly dx: Readonly<Record<"paper" | "code", readonly number[]>>;
  }[];
}
interface MaskedVector {
  readonly x: readonly number[];
  readonly length: number;
  readonly masked: Readonly<Record<string, number>>;
  readonly unmasked: Readonly<Record<string, number>>;
}
interface Vectors {
  readonly tolerance: Tolerance;
  readonly x: readonly number[];
  readonly dy: readonly number[];
  readonly vectors: readonly Vector[];
}

const file = JSON.parse(readFileSync(new URL("fixtures/normalization_vectors.json", import.meta.url), "utf8")) as Vectors;
/** The notes give four decimals. */
const { tolerance } = file;

function vector<T = Vector>(op: string, variant?: string): T {
  return file.vectors.find((own) => own.op === op && own.variant === variant) as T;
}

function along(axis: string, data: readonly number[], others: Readonly<Record<string, number>> = {}): NamedTensor {
  return { axes: [...Object.keys(others), axis], shape: [...Object.values(others), data.length], data };
}
const scalar = (value: number): NamedTensor => ({ axes: [], shape: [], data: [value] });

describe("norms of one token", () => {
  const cases: readonly (readonly [string, string, NamedTensors])[] = [
    ["layer", "layer(x, eps: 1e-5)", { "layer.scale": along("feature", [1, 1, 1, 1]), "layer.shift": along("feature", [0, 0, 0, 0]) }],
    // For eps 0 the notes take the limit.
    ["rms", "rms(x, eps: 0)", { "rms.scale": along("feature", [1, 1, 1, 1]) }],
    ["scale", "scale(x, eps: 0)", { "scale.radius": scalar(2) }],
    ["group", "group(x, groups: 2, eps: 0)", { "group.scale": along("feature", [1, 1, 1, 1]), "group.shift": along("feature", [0, 0, 0, 0]) }],
    ["dyt", "dyt(x)", { "dyt.steepness": scalar(0.5), "dyt.scale": along("feature", [1, 1, 1, 1]), "dyt.shift": along("feature", [0, 0, 0, 0]) }],
  ];
  test.each(cases)("%s", (op, call, parameters) => {
    const spec = `use std.norms { ${op} } layer main(x) { return ${call} }`;
    const result = runLayer(spec, { inputs: { x: along("feature", file.x) }, parameters, cotangent: along("feature", file.dy) });
    expectClose("forward", result.output, along("feature", vector(op).forward), tolerance);
    expectClose("dx", result.gradients.get("x"), along("feature", vector(op).dx), tolerance);
  });
});

describe("batch norm of one feature", () => {
  const column = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [data.length, 1], data });
  const one = (value: number) => along("feature", [value]);

  /** A training step and an evaluation with what it left. */
  function check(spec: string, name: string, expected: Vector): void {
    const compiled = compileLayer(spec, { x: column(file.x) });
    const parameters = { [`${name}.scale`]: one(1), [`${name}.shift`]: one(0) };
    const states = { [`${name}.running_mean`]: one(0), [`${name}.running_variance`]: one(1) };
    const result = compiled.run("training", { inputs: { x: column(file.x) }, parameters, states, cotangent: column(file.dy) });
    if (expected.forward !== undefined) expectClose("forward", result.output, column(expected.forward), tolerance);
    if (expected.dx !== undefined) expectClose("dx", result.gradients.get("x"), column(expected.dx), tolerance);
    for (const [state, value] of Object.entries(expected.statesAfter)) expectClose(state, result.statesAfter.get(`${name}.${state}`), one(value), tolerance);
    const after = Object.fromEntries(result.statesAfter);
    const evaluated = compiled.run("evaluation", { inputs: { x: column(file.x) }, parameters, states: after });
    expectClose("evaluation", evaluated.output, column(expected.evaluationForward), tolerance);
  }

  test("by torch's conventions", () => {
    check("use std.norms { batch } layer main(x) { return batch(x) }", "batch", vector("batch", "torch"));
  });

  test("by tfjs-layers' conventions, as a norm of one's own", () => {
    const spec = `
      norm keras_batch(x, eps = 1e-3, momentum = 0.99) {
        param scale[feature] = 1
        param shift[feature] = 0
        state running_mean[feature] = 0
        state running_variance[feature] = 1
        when training {
          mu = mean(x except feature)
          variance = mean((x - mu)^2 except feature)
          running_mean <- mix(mu, running_mean, momentum)
          running_variance <- mix(variance, running_variance, momentum)
        } otherwise {
          mu = running_mean
          variance = running_variance
        }
        return (x - mu) * rsqrt(variance + eps) * scale + shift
      }
      layer main(x) { return keras_batch(x) }`;
    check(spec, "keras_batch", vector("batch", "tfjs"));
  });
});

describe("PowerNorm, whose stated gradient keeps a running state", () => {
  /** The paper divides the gradient by the forward pass's running value, the released code by the batch's own. */
  const spec = (divisor: "psi" | "now") => `
    norm power(x, memory = 0.9) {
      state psi_squared[feature] = 1
      state nu[feature] = 0
      psi = sqrt(psi_squared)
      now = sqrt(mean(x^2 except feature))
      y = x / psi
      when training { psi_squared <- mix(now^2, psi_squared, memory) }
      return y with gradient(dy) {
        dx = (dy - nu * y) / ${divisor}
        nu <- nu * (1 - (1 - memory) * mean(y^2 except feature)) + (1 - memory) * mean(dy * y except feature)
        return dx
      }
    }
    layer main(x) { return power(x) }`;

  test.each([["paper", "psi"], ["code", "now"]] as const)("by the %s", (rule, divisor) => {
    const { steps } = vector<PowerVector>("power_norm");
    const batch = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [4, 1], data });
    const compiled = compileLayer(spec(divisor), { x: batch(file.x) });
    let states: NamedTensors = { "power.psi_squared": along("feature", [1]), "power.nu": along("feature", [0]) };
    for (const step of steps) {
      const result = compiled.run("training", { inputs: { x: batch(file.x) }, states, cotangent: batch(file.dy) });
      const forward = step.forward ?? file.x.map((value) => value / Math.sqrt(step.forwardDivisorSquared!));
      expectClose("forward", result.output, batch(forward), tolerance);
      expectClose("dx", result.gradients.get("x"), batch(step.dx[rule]), tolerance);
      for (const [state, value] of Object.entries(step.statesAfter ?? {})) {
        expectClose(state, result.statesAfter.get(`power.${state}`), along("feature", [value]), { absolute: 1e-12, relative: 0 });
      }
      states = Object.fromEntries(result.statesAfter);
    }
  });
});

describe("PowerNorm of the standard library", () => {
  test.each([["paper", "power(x, eps: 0)"], ["code", "power_released(x, eps: 0)"]] as const)("by the %s", (rule, call) => {
    const { steps } = vector<PowerVector>("power_norm");
    const batch = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [4, 1], data });
    // The second one is the first with an argument, and its parameters are called as its.
    const name = "power";
    const compiled = compileLayer(`use std.norms { ${call.slice(0, call.indexOf("("))} } layer main(x) { return ${call} }`, { x: batch(file.x) });
    const one = (value: number) => along("feature", [value]);
    const parameters = { [`${name}.scale`]: one(1), [`${name}.shift`]: one(0) };
    let states: NamedTensors = { [`${name}.square`]: one(1), [`${name}.drift`]: one(0) };
    for (const step of steps) {
      const result = compiled.run("training", { inputs: { x: batch(file.x) }, parameters, states, cotangent: batch(file.dy) });
      expectClose("forward", result.output, batch(step.forward ?? file.x.map((value) => value / Math.sqrt(step.forwardDivisorSquared!))), tolerance);
      expectClose("dx", result.gradients.get("x"), batch(step.dx[rule]), tolerance);
      for (const [state, value] of Object.entries(step.statesAfter ?? {})) {
        const own = state === "nu" ? "drift" : "square";
        expectClose(state, result.statesAfter.get(`${name}.${own}`), one(value), { absolute: 1e-12, relative: 0 });
      }
      states = Object.fromEntries(result.statesAfter);
    }
  });

  test("PN-V divides by the batch's quadratic mean, through which the gradient passes", () => {
    // Along a batch of one feature it is what RMS normalisation is along features.
    const batch = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "feature"], shape: [4, 1], data });
    const one = (value: number) => along("feature", [value]);
    const result = runLayer("use std.norms { quadratic } layer main(x) { return quadratic(x, eps: 0) }", {
      inputs: { x: batch(file.x) },
      parameters: { "quadratic.scale": one(1), "quadratic.shift": one(0) },
      states: { "quadratic.square": one(1) },
      cotangent: batch(file.dy),
    });
    expectClose("forward", result.output, batch(vector("rms").forward), tolerance);
    expectClose("dx", result.gradients.get("x"), batch(vector("rms").dx), tolerance);
    expectClose("square", result.statesAfter.get("quadratic.square"), one(0.9 + 0.1 * 7.5), { absolute: 1e-12, relative: 0 });
  });
});

describe("norms of the nodes of a graph", () => {
  interface NodeVector {
    readonly x: readonly (readonly number[])[];
    readonly forward: readonly (readonly number[])[];
  }
  const nodes = (data: readonly (readonly number[])[]): NamedTensor => ({ axes: ["token", "feature"], shape: [data.length, data[0]!.length], data: data.flat() });
  const both = (value: number) => along("feature", [value, value]);
  const parameters = { "graph.share": both(0.5), "graph.scale": both(1), "graph.shift": both(0) };
  test.each<readonly [string, string, NamedTensors]>([
    ["graph", "graph(x, eps: 0)", parameters],
    ["pair", "pair(x, eps: 0)", {}],
  ])("%s", (name, call, given) => {
    const { x, forward } = vector<NodeVector>(`${name}_norm`);
    const result = runLayer(`use std.norms { ${name} } layer main(x) { return ${call} }`, { inputs: { x: nodes(x) }, parameters: given });
    expectClose("forward", result.output, nodes(forward), tolerance);
  });
});

describe("norms without a mean", () => {
  const column = (data: readonly number[], axis: string): NamedTensor => ({ axes: [axis, "feature"], shape: [data.length, 1], data });
  const one = (value: number) => along("feature", [value]);

  test("response divides by the quadratic mean over tokens, and nothing falls below the threshold", () => {
    const given = { "response.scale": one(1), "response.shift": one(0), "response.threshold": one(0.8) };
    const result = runLayer("use std.norms { response } layer main(x) { return response(x, eps: 0) }", { inputs: { x: column(file.x, "token") }, parameters: given });
    expectClose("forward", result.output, column(vector("rms").forward.map((value) => Math.max(value, 0.8)), "token"), tolerance);
  });

  test("variance divides by the deviation of the batch", () => {
    const result = runLayer("use std.norms { variance } layer main(x) { return variance(x, eps: 0) }", {
      inputs: { x: column(file.x, "batch") },
      parameters: { "variance.scale": one(1), "variance.shift": one(0) },
      states: { "variance.running_variance": one(1) },
    });
    expectClose("forward", result.output, column(file.x.map((value) => value / Math.sqrt(1.25)), "batch"), tolerance);
    expectClose("state", result.statesAfter.get("variance.running_variance"), one(0.9 + 0.1 * 1.25), { absolute: 1e-12, relative: 0 });
  });
});

describe("statistics of a padded sequence", () => {
  const { x, length, masked, unmasked } = vector<MaskedVector>("masked_batch_statistics");
  const sequence = (data: readonly number[]): NamedTensor => ({ axes: ["batch", "token", "feature"], shape: [1, data.length, 1], data });

  /** The statistics, read off the states that batch norm leaves where they take the place of the old ones. */
  function statistics(argument: string): { mean: number; variance: number } {
    const spec = `
      use std.norms { batch }
      layer main(x, lengths) { return batch(${argument}, momentum: 1) }`;
    const one = (value: number) => along("feature", [value]);
    const result = runLayer(spec, {
      inputs: { x: sequence(x), lengths: { axes: ["batch"], shape: [1], data: [length] } },
      parameters: { "batch.scale": one(1), "batch.shift": one(0) },
      states: { "batch.running_mean": one(7), "batch.running_variance": one(7) },
    });
    const state = (name: string) => result.statesAfter.get(`batch.${name}`)!.data[0]!;
    expect([...result.output.data].every(Number.isFinite)).toBe(true);
    const count = argument === "x" ? x.length : length;
    // The running variance is the unbiased estimate.
    return { mean: state("running_mean"), variance: (state("running_variance") * (count - 1)) / count };
  }

  test("leave the padding out", () => {
    const found = statistics("x where index(x over token) < lengths");
    expect(found.mean).toBeCloseTo(masked["mean"]!, 12);
    expect(found.variance).toBeCloseTo(masked["variance"]!, 12);
  });

  test("count zeros that are not marked as padding", () => {
    const found = statistics("x");
    expect(found.mean).toBeCloseTo(unmasked["mean"]!, 12);
    expect(found.variance).toBeCloseTo(unmasked["variance"]!, 12);
  });
});
