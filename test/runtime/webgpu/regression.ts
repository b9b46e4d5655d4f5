/** A plan written by hand: linear regression of two features, by gradient descent, in batches of four. */

import type { Batch, Manifest } from "../../../src/runtime/trainer.js";
import type { Binding, BufferName, Output, Plan, PlannedDispatch, TensorRange } from "../../../src/runtime/webgpu/plan.js";

export const batch = 4;
export const firstBias = 0.25;

const range = (name: string, type: "f32" | "i32", offset: number, elements: number): TensorRange => ({ name, type, offset, elements });
const slots = [range("weight", "f32", 0, 2), range("bias", "f32", 256, 1), range("seen", "i32", 512, 1)];
const inputs = [range("x", "f32", 0, 8), range("y", "f32", 256, 4), range("valid", "f32", 512, 4), range("step", "f32", 768, 1), range("steps", "f32", 1024, 1)];
const keys = [range("weight", "i32", 1280, 2)];
const results = [range("loss", "f32", 4, 1), range("rate", "f32", 8, 1), range("largest", "f32", 12, 1)];
/** Residuals, and then what is added to the slots; or, in `initialise`, their first values. */
const arena = { residual: 0, change: 256 };

const isFinite = `fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }`;
const head = (name: string, access: string, type: string, binding: number) => `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`;

const draw = `
${head("key", "read", "u32", 0)}
${head("change", "read_write", "f32", 1)}
@compute @workgroup_size(1) fn main() {
  change[0] = f32(key[0] >> 8u) / 16777216;
  change[1] = f32(key[1] >> 8u) / 16777216;
  change[2] = ${firstBias};
}`;

const residual = `
${head("x", "read", "f32", 0)}
${head("y", "read", "f32", 1)}
${head("weight", "read", "f32", 2)}
${head("bias", "read", "f32", 3)}
${head("residual", "read_write", "f32", 4)}
@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
  residual[i] = weight[0] * x[2 * i] + weight[1] * x[2 * i + 1] + bias[0] - y[i];
}`;

const loss = `
${head("residual", "read", "f32", 0)}
${head("valid", "read", "f32", 1)}
${head("results", "read_write", "f32", 2)}
@compute @workgroup_size(1) fn main() {
  var sum = 0.0;
  var count = 0.0;
  var largest = 0.0;
  for (var i = 0; i < 4; i++) {
    sum += valid[i] * residual[i] * residual[i];
    count += valid[i];
    largest = max(largest, valid[i] * abs(residual[i]));
  }
  results[1] = sum / count;
  results[3] = largest;
}`;

const rate = `
${head("step", "read", "f32", 0)}
${head("steps", "read", "f32", 1)}
${head("results", "read_write", "f32", 2)}
@compute @workgroup_size(1) fn main() { results[2] = 1 - step[0] / steps[0]; }`;

/** Reads and writes of one buffer are both bound for writing, as WebGPU asks. */
const gradient = `
${head("x", "read", "f32", 0)}
${head("residual", "read_write", "f32", 1)}
${head("gradient", "read_write", "f32", 2)}
@compute @workgroup_size(3) fn main(@builtin(local_invocation_index) k: u32) {
  var sum = 0.0;
  for (var i = 0u; i < 4; i++) {
    if (k == 2) { sum += residual[i]; } else { sum += residual[i] * x[2 * i + k]; }
  }
  gradient[k] = sum / 2;
}`;

/** The next value of each slot, for the check and for the commit. */
const next = (factor: string) => `
fn next(k: u32) -> f32 {
  let before = select(bias[0], weight[min(k, 1u)], k < 2);
  return before * ${factor === "0" ? "0" : "1"} + change[k] * ${factor === "0" ? "1" : `-${factor} * rate()`};
}`;

function check(factor: string): string {
  const isStep = factor !== "0";
  return `
${head("change", "read", "f32", 0)}
${head("weight", "read", "f32", 1)}
${head("bias", "read", "f32", 2)}
${head("health", "read_write", "u32", 3)}
${isFinite}
fn rate() -> f32 { return bitcast<f32>(health[2]); }
${next(factor)}
@compute @workgroup_size(1) fn main() {
  for (var k = 0u; k < 3; k++) { if (!isFinite(next(k))) { health[0] = 1; } }
  ${isStep ? "if (!isFinite(bitcast<f32>(health[1]))) { health[0] = 1; }" : ""}
}`;
}

function commit(factor: string): string {
  return `
${head("change", "read", "f32", 0)}
${head("weight", "read_write", "f32", 1)}
${head("bias", "read_write", "f32", 2)}
${head("seen", "read_write", "i32", 3)}
${head("health", "read", "u32", 4)}
fn rate() -> f32 { return bitcast<f32>(health[2]); }
${next(factor)}
@compute @workgroup_size(1) fn main() {
  if (health[0] == 1) { return; }
  weight[0] = next(0);
  weight[1] = next(1);
  bias[0] = next(2);
  seen[0] = ${factor === "0" ? "0" : "seen[0] + 1"};
}`;
}

const bind = (buffer: BufferName, offset: number, size: number, access: Binding["access"] = "read"): Binding => ({ buffer, offset, size, access });
const input = (name: string) => {
  const { offset, elements } = inputs.find((one) => one.name === name)!;
  return bind("inputs", offset, elements * 4);
};
const slot = (name: string, access: Binding["access"] = "read") => {
  const { offset, elements } = slots.find((one) => one.name === name)!;
  return bind("slots", offset, elements * 4, access);
};
const output = (buffer: BufferName, offset: number, elements: number, operation: string, place: string, phase: string): Output => {
  return { buffer, type: "f32", offset, elements, operation, place, phase, source: "regression.norm:3:5" };
};
const health = (access: Binding["access"]) => bind("results", 0, 16, access);
const dispatch = (shader: number, bindings: readonly Binding[], ...outputs: Output[]): PlannedDispatch => ({ shader, groups: [1, 1], bindings, outputs });

export interface Changes {
  /** Of the learning rate, which falls from it to nothing. */
  readonly rate?: number;
  /** Shaders in place of those here, by their numbers. */
  readonly shaders?: Readonly<Record<number, string>>;
  readonly buffers?: Partial<Plan["buffers"]>;
}

export function regressionPlan({ rate: factor = 0.1, shaders = {}, buffers = {} }: Changes = {}): Plan {
  const texts = [draw, residual, loss, rate, gradient, check("0"), commit("0"), check(String(factor)), commit(String(factor))];
  const forward = [
    dispatch(
      1,
      [input("x"), input("y"), slot("weight"), slot("bias"), bind("arena", arena.residual, 16, "read_write")],
      output("arena", arena.residual, 4, "sub", "residual", "forward"),
    ),
    dispatch(
      2,
      [bind("arena", arena.residual, 16), input("valid"), bind("results", 0, 16, "read_write")],
      output("results", 4, 1, "reduce_sum", "loss", "forward"),
      output("results", 12, 1, "reduce_max", "largest", "forward"),
    ),
  ];
  const change = bind("arena", arena.change, 12);
  const checked = (shader: number) => dispatch(shader, [change, slot("weight"), slot("bias"), health("read_write")]);
  const committed = (shader: number) =>
    dispatch(
      shader,
      [change, slot("weight", "read_write"), slot("bias", "read_write"), slot("seen", "read_write"), health("read")],
      output("slots", 0, 65, "add", "all", "update"),
    );
  return {
    features: [],
    limits: { maxStorageBuffersPerShaderStage: 8 },
    buffers: { slots: 516, inputs: 1288, results: 16, arena: 512, ...buffers },
    shaders: texts.map((text, i) => shaders[i] ?? text),
    slots,
    inputs,
    keys,
    entries: {
      initialise: {
        dispatches: [dispatch(0, [bind("inputs", 1280, 8), bind("arena", arena.change, 12, "read_write")], output("arena", arena.change, 3, "random", "weight", "update"))],
        check: [checked(5)],
        commit: [committed(6)],
        results: [],
      },
      step: {
        dispatches: [
          ...forward,
          dispatch(3, [input("step"), input("steps"), health("read_write")], output("results", 8, 1, "sub", "schedule", "update")),
          dispatch(
            4,
            [input("x"), bind("arena", arena.residual, 16, "read_write"), bind("arena", arena.change, 12, "read_write")],
            output("arena", arena.change, 3, "contract", "gradient", "backward"),
          ),
        ],
        check: [checked(7)],
        commit: [committed(8)],
        results,
      },
      evaluate: { dispatches: forward, check: [], commit: [], results: results.filter(({ name }) => name !== "rate") },
    },
  };
}

const feature = { name: "feature", extent: 2 };

export const regressionManifest: Manifest = {
  name: "regression",
  spec: "regression.norm",
  target: "webgpu",
  seed: 11,
  batch,
  epochs: 1,
  holdout: 0.25,
  precision: "single",
  data: { loader: "npy", arguments: [{ value: "arrays" }], place: "regression.norm:9:3" },
  recipe: "rate 0.1",
  parameters: [
    { name: "weight", type: "f32", axes: [feature] },
    { name: "bias", type: "f32", axes: [] },
  ],
  states: [{ name: "seen", type: "i32", axes: [], owner: "model" }],
  inputs: [
    { name: "x", type: "f32", axes: [{ name: "batch", extent: batch }, feature] },
    { name: "y", type: "f32", axes: [{ name: "batch", extent: batch }] },
  ],
  reports: ["largest"],
  cost: { parameters: 3, flopsPerStep: 60, peakBytes: 2332 },
};

/** Examples of y = 2 x0 - x1 + 0.5, different in every batch. */
export function regressionBatch(index: number): Batch {
  const x = Float32Array.from({ length: 2 * batch }, (_, i) => Math.sin(3.7 * (i + 1) * (index + 1)));
  const y = Float32Array.from({ length: batch }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]! + 0.5);
  return { inputs: new Map([["x", x], ["y", y]]), valid: batch }; // prettier-ignore
}

/** The same step in JavaScript, in float64. */
export function referenceStep({ weight, bias }: { weight: number[]; bias: number }, { inputs: given }: Batch, rateNow: number): { weight: number[]; bias: number; loss: number } {
  const [x, y] = [given.get("x")!, given.get("y")!];
  const residuals = Array.from({ length: batch }, (_, i) => weight[0]! * x[2 * i]! + weight[1]! * x[2 * i + 1]! + bias - y[i]!);
  const gradientOf = (of: (i: number) => number) => residuals.reduce((sum, own, i) => sum + own * of(i), 0) / 2;
  return {
    weight: weight.map((own, k) => own - rateNow * gradientOf((i) => x[2 * i + k]!)),
    bias: bias - rateNow * gradientOf(() => 1),
    loss: residuals.reduce((sum, own) => sum + own * own, 0) / batch,
  };
}
