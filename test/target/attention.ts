/** Attention whose matrix of scores is six times as large as queries and keys: 49 patches and a class token, heads of 4. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import { elements } from "../../src/ir/types.js";
import type { Device } from "../../src/kernel/device.js";
import { lower } from "../../src/kernel/lower.js";
import { tablesOf } from "../../src/kernel/part.js";
import { environmentOf } from "../kernel/environments.js";
import type { RunStep } from "./run.js";

const spec = readFileSync(new URL("webgpu/attention.norm", import.meta.url), "utf8");

/** Float32 sums of some hundred terms, through two layers. */
const tolerance = 2e-4;

const { program } = compile("attention.norm", spec, fileHost(".")).recipes.get("tiny")!;
const environment = environmentOf(program);
const expected = interpret(program.entries.get("step")!, environment);

/** Tests that scores are not stored on such a device. */
export function testThatScoresAreNotStored(device: Device): void {
  test("stores no scores", () => {
    const step = lower(program, device, ["step"]).entries.get("step")!;
    const pieces = step.dispatches.flatMap((dispatch) => dispatch.pieces);
    // Two layers, each forward, backward for queries, and backward for keys and values.
    expect(pieces.filter(({ part }) => tablesOf(part).length > 0)).toHaveLength(6);
    const scores = pieces.flatMap(({ part }) => part.stores).filter(({ tensor }) => elements(tensor.axes) >= 2 * 2 * 50 * 50);
    expect(scores).toEqual([]);
  });
}

export function testAttention(run: RunStep): void {
  test("agrees with the interpreter", async () => {
    const { results, slots, healthy } = await run(program, environment);
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
