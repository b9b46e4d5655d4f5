import { afterEach, expect, test } from "vitest";
import { keyOf } from "../../../src/random/threefry.js";
import { RunError } from "../../../src/runtime/errors.js";
import type { Batch, Engine, NamedTensors, StepResult } from "../../../src/runtime/trainer.js";
import { type OpenDevice, openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { createEngine } from "../../../src/runtime/webgpu/engine.js";
import type { Plan } from "../../../src/runtime/webgpu/plan.js";
import { describeOnGpu } from "./on-gpu.js";
import { batch, type Changes, firstBias, referenceStep, regressionBatch, regressionManifest, regressionPlan } from "./regression.js";

const steps = 100;
/** 70 MB of float32. */
const elements = 17_500_001;
const opened: { open: OpenDevice; engine?: Engine }[] = [];
afterEach(() => {
  for (const { open, engine } of opened.splice(0)) {
    engine?.dispose();
    open.device.destroy();
  }
});

async function start(changes: Changes | Plan = {}, onProgress?: (done: number, total: number) => void): Promise<{ open: OpenDevice; engine: Engine }> {
  const plan = "entries" in changes ? changes : regressionPlan(changes);
  const open = await openDevice(plan);
  opened.push({ open });
  const engine = await createEngine(open, plan, regressionManifest, onProgress);
  opened.at(-1)!.engine = engine;
  return { open, engine };
}

/** A batch whose targets are all the same number. */
function batchOf(target: number, of: (index: number) => number = () => 0): Batch {
  return { inputs: new Map([["x", Float32Array.from({ length: 2 * batch }, (_, i) => of(i))], ["y", new Float32Array(batch).fill(target)]]), valid: batch }; // prettier-ignore
}

const values = (weight: readonly number[], bias: number, seen: number): NamedTensors =>
  new Map<string, Float32Array | Int32Array>([
    ["weight", Float32Array.from(weight)],
    ["bias", Float32Array.of(bias)],
    ["seen", Int32Array.of(seen)],
  ]);

describeOnGpu("a plan on a GPU", () => {
  test("trains as the same steps in JavaScript do", async () => {
    const { engine } = await start();
    await engine.initialise();
    const first = keyOf(regressionManifest.seed, "weight", 0).map((word) => (word >>> 8) / 2 ** 24);
    expect(await engine.read()).toEqual(values(first, firstBias, 0));
    let reference = { weight: first, bias: firstBias, loss: NaN };
    for (let step = 0; step < 5; step++) {
      const rate = 1 - step / steps;
      reference = referenceStep(reference, regressionBatch(step), 0.1 * rate);
      const result = await engine.step(regressionBatch(step), step, steps);
      expect(result).toEqual({ finite: true, loss: expect.closeTo(reference.loss, 4), rate: expect.closeTo(rate, 6), reports: { largest: expect.any(Number) } });
    }
    const read = await engine.read();
    expect(read.get("seen")).toEqual(Int32Array.of(5));
    expect([...read.get("weight")!, ...read.get("bias")!]).toEqual([...reference.weight, reference.bias].map((value) => expect.closeTo(value, 5)));
  });

  test("steps that are submitted ahead give the same as steps that are awaited, each its own result", async () => {
    const [{ engine: ahead }, { engine: awaited }] = await Promise.all([start(), start()]);
    await Promise.all([ahead.initialise(), awaited.initialise()]);
    const one: StepResult[] = [];
    for (let step = 0; step < 33; step++) one.push(await awaited.step(regressionBatch(step), step, steps));
    const all = await Promise.all(Array.from({ length: 33 }, (_, step) => ahead.step(regressionBatch(step), step, steps)));
    expect(all).toEqual(one);
    expect(await ahead.read()).toEqual(await awaited.read());
    // Short steps may be submitted far ahead, once the first ones were timed; what is held does not grow meanwhile.
    expect(ahead.ahead).toBe(32);
    const before = ahead.memory();
    const under: Promise<StepResult>[] = [];
    for (let step = 33; step < 100; step++) {
      under.push(ahead.step(regressionBatch(step), step, steps));
      if (under.length > ahead.ahead!) expect((await under.shift()!).finite).toBe(true);
    }
    expect((await Promise.all(under)).every(({ finite }) => finite)).toBe(true);
    expect(ahead.memory()).toEqual(before);
    expect(before.tensors).toBe(9);
  });

  test("evaluates the valid examples and changes nothing", async () => {
    const { engine } = await start();
    await engine.write(values([2, -1], 0.5, 3));
    const exact = await engine.evaluate(regressionBatch(0));
    expect(exact).toEqual({ loss: expect.closeTo(0, 10), largest: expect.closeTo(0, 5) });
    const { inputs } = regressionBatch(0);
    inputs.get("y")!.set([10, 20, 30, 40]);
    const partial = (await engine.evaluate({ inputs, valid: 2 }))["largest"]!;
    expect(partial).toBeGreaterThan(15);
    expect(partial).toBeLessThan(25);
    expect(await engine.read()).toEqual(values([2, -1], 0.5, 3));
  });

  test("gives back what was written, and refuses what does not fit", async () => {
    const { engine } = await start();
    const given = values([1e-38, -3.25], -0, 2 ** 31 - 1);
    await engine.write(given);
    expect(await engine.read()).toEqual(given);
    await expect(engine.write(values([1], 0, 0))).rejects.toThrow("weight has 2 values, not 1");
    await expect(engine.write(new Map([...given].slice(1)))).rejects.toThrow("no value is given for weight");
    expect(await engine.read()).toEqual(given);
    await expect(engine.step({ inputs: new Map(), valid: 4 }, 0, 1)).rejects.toThrow("no value is given for the input x");
  });

  test("moves values that are larger than what is moved at once", async () => {
    const plan = regressionPlan({ buffers: { slots: 4 * elements + 1024 } });
    const open = await openDevice(plan);
    opened.push({ open });
    const table = { name: "table", type: "f32", axes: [{ name: "row", extent: elements }] } as const;
    const range = { name: "table", type: "f32", offset: 768, elements } as const;
    const engine = await createEngine(open, { ...plan, slots: [...plan.slots, range] }, { ...regressionManifest, parameters: [...regressionManifest.parameters, table] });
    opened.at(-1)!.engine = engine;
    const own = Float32Array.from({ length: elements }, (_, i) => i % 65_537);
    await engine.write(new Map([...values([1, 2], 3, 4), ["table", own]]));
    const read = await engine.read();
    expect(Buffer.from(read.get("table")!.buffer).equals(Buffer.from(own.buffer))).toBe(true);
    expect(read.get("seen")).toEqual(Int32Array.of(4));
  });

  test("after a step that is not finite nothing has an effect until values are written", async () => {
    const { engine } = await start();
    await engine.write(values([0, 0], 0, 0));
    const results = await Promise.all([regressionBatch(0), batchOf(1e30), regressionBatch(1)].map((own, step) => engine.step(own, step, steps)));
    expect(results.map(({ finite }) => finite)).toEqual([true, false, false]);
    expect(results[1]!.loss).toBe(Infinity);
    const kept = await engine.read();
    expect(kept.get("seen")).toEqual(Int32Array.of(1));
    expect((await engine.step(regressionBatch(1), 1, steps)).finite).toBe(false);
    expect(await engine.read()).toEqual(kept);
    await engine.write(kept);
    expect((await engine.step(regressionBatch(1), 1, steps)).finite).toBe(true);
    expect((await engine.read()).get("seen")).toEqual(Int32Array.of(2));
  });

  test("locates the first result that is not finite, and goes on refusing steps", async () => {
    const { engine } = await start();
    await engine.initialise();
    const before = await engine.read();
    const large = batchOf(1e30);
    expect((await engine.step(large, 0, steps)).finite).toBe(false);
    const fault = { operation: "reduce_sum", place: "loss", phase: "forward", source: "regression.norm:3:5" };
    expect(await engine.locate(large, 0, steps)).toEqual(fault);
    expect(await engine.read()).toEqual(before);
    expect((await engine.step(regressionBatch(0), 1, steps)).finite).toBe(false);
    expect(await engine.read()).toEqual(before);
  });

  test("locates an update that overflows by its slot, and takes it back", async () => {
    const { engine } = await start({ rate: 100 });
    await engine.write(values([0, 0], 0, 7));
    // Gradients of 4e37 for the weights, and of 1e19 for the bias.
    const steep = batchOf(-5e18, () => 4e18);
    const { finite, loss } = await engine.step(steep, 0, steps);
    expect(finite).toBe(false);
    expect(loss).toBeCloseTo(2.5e37, -34);
    expect(await engine.locate(steep, 0, steps)).toMatchObject({ operation: "add", place: "weight", phase: "update" });
    expect(await engine.read()).toEqual(values([0, 0], 0, 7));
  });

  test("locates inputs and parameters, and nothing in a step that is finite", async () => {
    const { engine } = await start();
    await engine.initialise();
    expect(await engine.locate(batchOf(NaN), 0, steps)).toEqual({ operation: "input", place: "y", phase: "forward" });
    expect(await engine.locate(regressionBatch(0), 0, steps)).toBeUndefined();
    await engine.write(values([Infinity, 0], 0, 0));
    expect((await engine.step(regressionBatch(0), 0, steps)).finite).toBe(false);
    expect(await engine.locate(regressionBatch(0), 0, steps)).toEqual({ operation: "parameter", place: "weight", phase: "forward" });
  });

  test("first values that are not finite are an error with their place", async () => {
    const plan = regressionPlan();
    const { engine } = await start(regressionPlan({ shaders: { 0: plan.shaders[0]!.replace("16777216;", "f32(key[0] - key[0]);") } }));
    await expect(engine.initialise()).rejects.toThrow("the first values of parameters and states are not all finite, first in random at weight (regression.norm:3:5)");
  });

  test("tells how many kernels are compiled", async () => {
    const told: [number, number][] = [];
    await start({}, (done, total) => told.push([done, total]));
    expect(told).toEqual(Array.from({ length: 9 }, (_, i) => [i + 1, 9]));
  });
});

describeOnGpu("a GPU that fails", () => {
  test("while steps are under way rejects them, and all that follows, with what to do", async () => {
    const { open, engine } = await start();
    await engine.initialise();
    const results = Array.from({ length: 20 }, (_, step) => engine.step(regressionBatch(step), step, steps));
    open.device.destroy();
    const settled = await Promise.allSettled(results);
    const lost = "the GPU was lost: it was closed. The last checkpoint is intact: go on from it with --resume";
    for (const one of settled) {
      expect(one).toMatchObject({ status: "rejected", reason: { name: "RunError", message: lost } });
    }
    await expect(engine.step(regressionBatch(0), 0, steps)).rejects.toThrow(lost);
    await expect(engine.evaluate(regressionBatch(0))).rejects.toThrow(lost);
    await expect(engine.read()).rejects.toThrow(lost);
    await expect(engine.write(values([0, 0], 0, 0))).rejects.toThrow(lost);
    await expect(engine.locate(regressionBatch(0), 0, steps)).rejects.toThrow(RunError);
  });

  test("by an error that nobody waited for makes the next result fail", async () => {
    const { open, engine } = await start();
    await engine.initialise();
    open.device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await open.device.queue.onSubmittedWorkDone();
    await expect(engine.step(regressionBatch(0), 0, steps)).rejects.toThrow(/^the GPU reported an error: [^]*The last checkpoint is intact/);
  });

  test("to compile a kernel names it, what it is for, and its mistake", async () => {
    const broken = start({ shaders: { 2: "@compute @workgroup_size(1) fn main() { what(); }" } });
    await expect(broken).rejects.toThrow(RunError);
    await expect(broken).rejects.toThrow(/^this GPU does not compile shader 2, which is for reduce_sum of loss: 1:41: unresolved call target 'what'\. Please report it$/);
    opened.at(-1)!.open.throwIfFailed();
  });

  test("to make a pipeline names its shader", async () => {
    const broken = start({ shaders: { 8: "@compute @workgroup_size(2048) fn main() {}" } });
    await expect(broken).rejects.toThrow(/^this GPU does not compile shader 8, which is for add of all: .*2048/);
  });

  test("to give a buffer says how large it was and what for", async () => {
    const broken = start({ buffers: { arena: 2 ** 40 } });
    await expect(broken).rejects.toThrow(RunError);
    await expect(broken).rejects.toThrow(/^the GPU could not give 1 TiB for activations and gradients: .*smaller batch/);
  });

  test("to bind a range that is not there says so", async () => {
    await expect(start({ buffers: { arena: 128 } })).rejects.toThrow(/^the plan's buffers do not fit its kernels: /);
  });

  test("a plan of another model is refused", async () => {
    const plan = regressionPlan();
    await expect(start({ ...plan, slots: plan.slots.slice(1) })).rejects.toThrow("the plan does not fit the manifest: weight is missing");
  });
});
