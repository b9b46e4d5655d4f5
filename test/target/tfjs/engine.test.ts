/** The engine's contract, its memory, and how it locates faults. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Program } from "../../../src/ir/program.js";
import { parseProgram } from "../../../src/ir/parse.js";
import { createEngine } from "../../../src/runtime/tfjs/engine.js";
import type { ProgramModule, TensorFlow } from "../../../src/runtime/tfjs/program.js";
import type { Batch, Engine, NamedTensors } from "../../../src/runtime/trainer.js";
import { predictPeak } from "../../../src/target/tfjs/emit.js";
import { openTestDevice, testDevices } from "./device.js";
import { manifestOf, visionTransformer } from "./model.js";
import { load } from "./run.js";

const sizes = { batch: 16, patches: 4, pixels: 5, dim: 16, depth: 2, heads: 2, classes: 3 };

function batchOf(fill: (i: number) => number = (i) => Math.sin(i)): Batch {
  const image = Float32Array.from({ length: sizes.batch * sizes.patches * sizes.pixels }, (_, i) => fill(i));
  const label = Int32Array.from({ length: sizes.batch }, (_, i) => i % sizes.classes);
  return { inputs: new Map<string, Float32Array | Int32Array>([["image", image], ["label", label]]), valid: sizes.batch };
}

describe.each(testDevices)("on %s", (choice) => {
  let tf: TensorFlow;
  let device: string;
  const program = visionTransformer(sizes);
  let module: ProgramModule;
  let engine: Engine;
  beforeAll(async () => {
    ({ tf, name: device } = await openTestDevice(choice));
    module = await load(program);
  });
  beforeEach(async () => {
    engine?.dispose();
    engine = createEngine(tf, device, module, manifestOf(program, sizes.batch));
    await engine.initialise();
  });
  afterAll(() => {
    engine.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  it("learns one batch", async () => {
    const first = await engine.step(batchOf(), 0, 100);
    for (let step = 1; step < 20; step++) await engine.step(batchOf(), step, 100);
    const last = await engine.step(batchOf(), 20, 100);
    expect(first).toMatchObject({ finite: true, rate: expect.closeTo(0.99e-3, 6) as number });
    expect(last.loss).toBeLessThan(0.95 * first.loss);
    expect(Object.keys(last.reports)).toEqual(["accuracy"]);
    expect(Object.keys(await engine.evaluate(batchOf()))).toEqual(["loss", "accuracy"]);
  });

  it("holds no more memory after 20 steps", async () => {
    await engine.step(batchOf(), 0, 100);
    const before = engine.memory();
    for (let step = 1; step <= 20; step++) await engine.step(batchOf(), step, 100);
    await engine.evaluate(batchOf());
    await engine.read();
    expect(engine.memory()).toEqual(before);
  });

  it("needs the predicted memory", async () => {
    let peak = 0;
    const measuring = new Proxy(tf, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function" || name === "memory" || name === "Tensor") return member;
        return (...args: unknown[]) => {
          const result: unknown = member.apply(target, args);
          peak = Math.max(peak, tf.memory().numBytes);
          return result;
        };
      },
    });
    engine.dispose();
    engine = createEngine(measuring, device, module, manifestOf(program, sizes.batch));
    await engine.initialise();
    peak = 0;
    await engine.step(batchOf(), 0, 100);
    expect(peak / predictPeak(program)).toBeGreaterThan(0.9);
    expect(peak / predictPeak(program)).toBeLessThan(1.1);
  });

  it("gives the same bits again", async () => {
    const start = await engine.read();
    const run = async () => {
      for (let step = 0; step < 3; step++) await engine.step(batchOf(), step, 100);
      return engine.read();
    };
    const first = await run();
    await engine.write(start);
    expect(await run()).toEqual(first);
    await engine.initialise();
    expect(await engine.read()).toEqual(start);
  });

  it("keeps its values when a step is not finite, and locates an infinite parameter", async () => {
    const values = await engine.read();
    values.get("encoder.1.mlp.expand.weight")![3] = Infinity;
    await engine.write(values);
    const before = await engine.read();
    const result = await engine.step(batchOf(), 0, 100);
    expect(result.finite).toBe(false);
    expect(await engine.read()).toEqual(before);
    const memory = engine.memory();
    expect(await engine.locate(batchOf(), 0, 100)).toEqual({ operation: "parameter", place: "encoder.1.mlp.expand.weight", phase: "forward" });
    expect(engine.memory()).toEqual(memory);
  });

  it("locates NaN in an input, and an overflow inside a layer", async () => {
    expect(await engine.locate(batchOf((i) => (i === 7 ? NaN : 0)), 0, 100)).toEqual({ operation: "input", place: "image", phase: "forward" });
    const values = await engine.read();
    for (const name of ["w_query", "w_keys"]) values.get(`encoder.1.attention.${name}`)!.forEach((value, i, data) => (data[i] = value * 1e25));
    await engine.write(values);
    expect(await engine.locate(batchOf(), 0, 100)).toEqual({
      operation: "contract",
      place: "encoder.1.attention",
      phase: "forward",
      source: "model.norm:20:3",
    });
  });

  it("rejects values that do not fit", async () => {
    const values: NamedTensors = await engine.read();
    const memory = engine.memory();
    values.set("cls", new Float32Array(3));
    await expect(engine.write(values)).rejects.toThrow("cls has 16 values, not 3");
    values.delete("cls");
    await expect(engine.write(values)).rejects.toThrow("no value is given for cls");
    expect(engine.memory()).toEqual(memory);
  });

  it("locates a fault of the backward pass, and masks of infinities are none", async () => {
    // The square root has a finite value at 0 and an infinite slope; the mask is part of the model.
    const small: Program = parseProgram(`
      program small {
        parameter w : f32[a: 2] weight
        input x : f32[batch: 1, a: 2]
        input step : f32[]
        input steps : f32[]
        entry initialise {
          %0 = constant() {value: 0, dtype: "f32"} : f32[]
          %1 = broadcast(%0) {axes: [a: 2]} : f32[a: 2]
          %2 = update(%1) {slot: "w"} : f32[a: 2]
          return
        }
        entry step {
          %0 = parameter() {slot: "w"} : f32[a: 2]
          %1 = input() {slot: "x"} : f32[batch: 1, a: 2]
          %2 = constant() {value: -Infinity, dtype: "f32"} : f32[] @mask
          %3 = constant() {value: 0, dtype: "f32"} : f32[] @mask
          %4 = less(%1, %3) : bool[batch: 1, a: 2] @mask
          %5 = select(%4, %2, %1) : f32[batch: 1, a: 2] @mask
          %6 = exp(%5) : f32[batch: 1, a: 2] @mask
          %7 = sqrt(%0) : f32[a: 2] @layer.0.root
          %8 = mul(%6, %7) : f32[batch: 1, a: 2] @layer.0.root
          %9 = reduce_sum(%8) {axes: [batch, a]} : f32[] @loss
          %10 = div(%6, %7) : f32[batch: 1, a: 2] @layer.0.root backward
          %11 = reduce_sum(%10) {axes: [batch]} : f32[a: 2] @layer.0.root backward
          %12 = sub(%0, %11) : f32[a: 2] @w update
          %13 = update(%12) {slot: "w"} : f32[a: 2] @w update
          return loss: %9, rate: %3
        }
      }
    `);
    const other = createEngine(tf, device, await load(small), manifestOf(small, 1));
    await other.initialise();
    const batch: Batch = { inputs: new Map([["x", Float32Array.of(-1, 1)]]), valid: 1 };
    expect(await other.step(batch, 0, 1)).toMatchObject({ finite: false, loss: 0 });
    expect(await other.locate(batch, 0, 1)).toEqual({ operation: "div", place: "layer.0.root", phase: "backward" });
    other.dispose();
  });
});
