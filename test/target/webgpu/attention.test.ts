/** Attention whose scores are never stored, against the float64 interpreter. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import type { Environment } from "../../../src/ir/definition.js";
import { interpret } from "../../../src/ir/interpret.js";
import { elements } from "../../../src/ir/types.js";
import { type Device, portable } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { tablesOf } from "../../../src/kernel/part.js";
import { hashText, uniforms } from "../../../src/random/threefry.js";
import { openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { planOf } from "../../../src/target/webgpu/emit.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { runPlan } from "./run.js";

/** 49 patches and a class token, heads of 4: the matrix of scores is six times as large as queries and keys. */
const spec = readFileSync(new URL("attention.norm", import.meta.url), "utf8");

const devices: Readonly<Record<string, Device>> = {
  "threads of their own": { ...portable, maxBuffers: 10, cooperates: false, parallelism: 64 },
  "threads that work together": { ...portable, maxBuffers: 10, parallelism: 1024 },
  "subgroups": { ...portable, maxBuffers: 10, parallelism: 1024, subgroup: 4 },
};

/** Float32 sums of some hundred terms, through two layers. */
const tolerance = 2e-4;

describeOnGpu("attention without stored scores", () => {
  const { program } = compile("attention.norm", spec, fileHost(".")).recipes.get("tiny")!;
  const environment = environmentOf(program);
  const expected = interpret(program.entries.get("step")!, environment);

  for (const [name, own] of Object.entries(devices)) {
    const kernels = lower(program, own, ["step"]);

    test(`is chosen, with ${name}`, () => {
      const step = kernels.entries.get("step")!;
      const pieces = step.dispatches.flatMap((dispatch) => dispatch.pieces);
      // Two layers, each forward, backward for queries, and backward for keys and values.
      expect(pieces.filter(({ part }) => tablesOf(part).length > 0)).toHaveLength(6);
      const scores = pieces.flatMap(({ part }) => part.stores).filter(({ tensor }) => elements(tensor.axes) >= 2 * 2 * 50 * 50);
      expect(scores).toEqual([]);
    });

    test(`agrees with the interpreter, with ${name}`, async () => {
      const plan = planOf(kernels, own);
      const { device } = await openDevice({ features: plan.features, limits: plan.limits });
      const { results, slots, healthy } = await runPlan(device, plan, "step", environment);
      device.destroy();
      expect(healthy).toBe(true);
      expect(results.get("loss")![0]).toBeCloseTo(expected.results.get("loss")!.data[0]!, 5);
      for (const [slot, values] of expected.updates) {
        // The first moments are the gradients. Weights are less telling: AdamW divides gradients that are zero by their own noise.
        if (!slot.endsWith(".m")) continue;
        const got = slots.get(slot)!;
        const scale = Math.max(1e-3, ...values.map(Math.abs));
        values.forEach((value, i) => {
          if (!(Math.abs(got[i]! - value) <= tolerance * scale)) expect.fail(`${slot}[${i}] is ${got[i]}, not ${value}`);
        });
      }
    }, 120_000);
  }
});

/** Numbers for every slot and input: small ones, so that no softmax saturates. */
function environmentOf(program: Parameters<typeof lower>[0]): Environment {
  const numbers = (name: string, count: number) => {
    const out = new Float64Array(count);
    uniforms([hashText(name), 1], count, out);
    return out;
  };
  const slots = new Map([...program.parameters, ...program.states].map(({ name, type }) => {
    const values = numbers(name, elements(type.axes));
    return [name, name.includes(".adamw.") ? values.fill(0) : values.map((value) => value - 0.4)];
  }));
  const inputs = new Map(program.inputs.map(({ name, type }) => {
    const values = numbers(name, elements(type.axes));
    if (name === "step" || name === "steps") return [name, values.fill(name === "step" ? 3 : 10)];
    return [name, type.dtype === "i32" ? values.map((value) => Math.floor(value * 10)) : values];
  }));
  return { slots, inputs, seed: 7, step: 3 };
}
