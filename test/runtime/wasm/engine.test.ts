import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { keyOf } from "../../../src/random/threefry.js";
import type { Engine, NamedTensors, StepResult } from "../../../src/runtime/trainer.js";
import { createEngine } from "../../../src/runtime/wasm/engine.js";
import type { Plan } from "../../../src/runtime/wasm/plan.js";
import { size, tinyBatch, tinyManifest, tinyModule, tinyPlan } from "./tiny.js";

const steps = 20;
let module: Uint8Array;
beforeAll(async () => {
  module = await tinyModule();
});

const opened: Engine[] = [];
afterEach(() => {
  for (const engine of opened.splice(0)) engine.dispose();
});

async function start(threads = 2, plan: Plan = tinyPlan): Promise<Engine> {
  const engine = await createEngine({ manifest: tinyManifest, plan, module, usesRelaxed: false }, threads);
  opened.push(engine);
  return engine;
}

const values = (of: (index: number) => number): NamedTensors => new Map([["point", Float32Array.from({ length: size }, (_, i) => of(i))]]);
const large = tinyBatch((i) => (i === 500 ? 1e30 : 0));

test("any number of threads trains as the same steps in JavaScript do, bit by bit", async () => {
  const runs: unknown[] = [];
  for (const threads of [1, 2, 3]) {
    const engine = await start(threads);
    await engine.initialise();
    const drawn = keyOf(tinyManifest.seed, "point", 0)[0]! >>> 8;
    let point = Float32Array.from({ length: size }, (_, i) => Math.fround(4 * i) / drawn);
    expect((await engine.read()).get("point")).toEqual(point);
    const results: StepResult[] = [];
    for (let step = 0; step < 10; step++) {
      results.push(await engine.step(tinyBatch((i) => i % (step + 3)), step, steps));
      const rate = Math.fround(1 - Math.fround(step / steps));
      const difference = point.map((x, i) => x - (i % (step + 3)));
      expect(results.at(-1)).toEqual({ finite: true, loss: difference.reduce((sum, x) => Math.fround(sum + Math.fround(x * x)), 0), rate, reports: {} });
      point = point.map((x, i) => x - Math.fround(rate * difference[i]!));
    }
    expect((await engine.read()).get("point")).toEqual(point);
    runs.push(results);
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});

describe("an engine", () => {
  test("says what it runs on", async () => {
    expect((await start(1)).device).toBe("wasm (SIMD)");
    const relaxed = await createEngine({ manifest: tinyManifest, plan: tinyPlan, module, usesRelaxed: true }, 2);
    opened.push(relaxed);
    expect(relaxed.device).toBe("wasm (SIMD, fused multiply-add)");
  });

  test("evaluates and changes nothing", async () => {
    const engine = await start();
    await engine.write(values(() => 3));
    expect(await engine.evaluate(tinyBatch(() => 1))).toEqual({ loss: 4 * size });
    expect(await engine.evaluate({ ...tinyBatch(() => 1), valid: 0 })).toEqual({ loss: 0 });
    expect(await engine.read()).toEqual(values(() => 3));
  });

  test("gives back what was written, and refuses what does not fit", async () => {
    const engine = await start();
    const given = values((i) => (i % 2 === 0 ? 1e-38 : -i));
    await engine.write(given);
    expect(await engine.read()).toEqual(given);
    await expect(engine.write(new Map([["point", new Float32Array(3)]]))).rejects.toThrow(`point has ${size} values, not 3`);
    await expect(engine.write(new Map())).rejects.toThrow("no value is given for point");
    await expect(engine.step({ inputs: new Map(), valid: 1 }, 0, 1)).rejects.toThrow("no value is given for the input target");
    expect(await engine.read()).toEqual(given);
  });

  test("writes a part of a larger array", async () => {
    const engine = await start();
    const whole = Float32Array.from({ length: 2 * size }, (_, i) => i);
    await engine.write(new Map([["point", whole.subarray(size)]]));
    expect((await engine.read()).get("point")).toEqual(whole.slice(size));
  });

  test("keeps the values when a step is not finite, and goes on", async () => {
    const engine = await start();
    await engine.write(values(() => 0));
    // The point itself stays finite where the loss does not, and the loss where the point does not.
    const infinite = tinyBatch((i) => (i === 999 ? -Infinity : 0));
    expect(await engine.step(infinite, 0, steps)).toMatchObject({ finite: false, loss: Infinity });
    expect(await engine.read()).toEqual(values(() => 0));
    expect(await engine.step(tinyBatch(() => 1), 0, steps)).toMatchObject({ finite: true, loss: size });
    expect(await engine.read()).toEqual(values(() => 1));
  });

  test("locates the first result that is not finite", async () => {
    const engine = await start();
    await engine.initialise();
    const before = await engine.read();
    const fault = { operation: "reduce_sum", place: "loss", phase: "forward", source: "tiny.norm:2:3" };
    expect(await engine.locate(large, 0, steps)).toEqual(fault);
    expect(await engine.read()).toEqual(before);
    expect(await engine.locate(tinyBatch(() => 0), 0, steps)).toBeUndefined();
    expect(await engine.read()).toEqual(before);
    expect(await engine.locate(tinyBatch((i) => (i === 1 ? NaN : 0)), 0, steps)).toEqual({ operation: "input", place: "target", phase: "forward" });
    await engine.write(values((i) => (i === 2 ? Infinity : 0)));
    expect(await engine.locate(large, 0, steps)).toEqual({ operation: "parameter", place: "point", phase: "forward" });
  });

  test("locates an update by its slot, though it looks at no more, and takes it back", async () => {
    const { step } = tinyPlan.entries;
    // As if the updates alone told what they write.
    const blind = { ...step, dispatches: step.dispatches.map((own, i) => ({ ...own, outputs: i === 4 ? own.outputs : [] })) };
    const engine = await start(2, { ...tinyPlan, entries: { ...tinyPlan.entries, step: blind } });
    await engine.write(values(() => -3e38));
    expect(await engine.locate(tinyBatch(() => 3e38), 0, steps)).toMatchObject({ operation: "add", place: "point", phase: "update" });
    expect(await engine.read()).toEqual(values(() => -3e38));
  });

  test("names a mask only where there is nothing else", async () => {
    const { step } = tinyPlan.entries;
    const as = (operation: string, places: readonly number[]) => ({
      ...tinyPlan,
      entries: { ...tinyPlan.entries, step: { ...step, dispatches: step.dispatches.map((own, i) => ({ ...own, outputs: own.outputs.filter(() => places.includes(i)).map((output) => ({ ...output, operation: i === 0 ? operation : output.operation })) })) } },
    });
    const find = async (plan: Plan, target: number) => {
      const engine = await start(1, plan);
      await engine.write(values(() => -3e38));
      return (await engine.locate(tinyBatch(() => target), 0, steps))?.operation;
    };
    expect(await find(as("sub", [0, 1]), 3e38)).toBe("sub");
    expect(await find(as("select", [0, 1]), 3e38)).toBe("select");
    expect(await find(as("select", [0, 1]), -1e38)).toBe("reduce_sum");
  });

  test("tells first values that are not finite, with their place", async () => {
    // Nothing else would write the key, so that the draw divides by zero.
    const engine = await start(2, { ...tinyPlan, keys: [] });
    await expect(engine.initialise()).rejects.toThrow("the first values of parameters and states are not all finite, first in random at point (tiny.norm:2:3)");
  });

  test("holds no more memory after many steps", async () => {
    const engine = await start();
    await engine.initialise();
    const before = engine.memory();
    expect(before).toEqual({ bytes: 65536, tensors: 1 });
    const batch = tinyBatch(() => 1);
    for (let step = 0; step < 500; step++) await engine.step(batch, step, 500);
    expect(engine.memory()).toEqual(before);
  });

  test("of another model's plan is refused", async () => {
    await expect(start(1, { ...tinyPlan, slots: [] })).rejects.toThrow("the plan does not fit the manifest: point is missing");
  });

  test("without its threads refuses all that is asked", async () => {
    const engine = await start();
    engine.dispose();
    await expect(engine.read()).rejects.toThrow("the threads that compute were ended");
    await expect(engine.step(large, 0, steps)).rejects.toThrow("the threads that compute were ended");
  });
});
