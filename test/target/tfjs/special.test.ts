/** NaN, infinities and zeros: a fault must never be hidden by an operation. */

import { beforeAll, describe, expect, it } from "vitest";
import type { TensorFlow } from "../../../src/runtime/tfjs/program.js";
import { createOperations } from "../../../src/runtime/tfjs/operations.js";
import { parseProgram } from "../../../src/ir/parse.js";
import { openTestDevice, testDevices } from "./device.js";
import { load, reference, runEntry } from "./run.js";

/** Equal but for rounding; tiny numbers may come out as 0, and what is NaN or infinite must be so. */
function isClose(actual: number, expected: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  return actual === expected || Math.abs(actual - expected) <= 1e-6 * Math.abs(expected) + 1e-37;
}

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 1e-30, -1e-30, 1e38, -1e38];

describe.each(testDevices)("on %s", (choice) => {
  let tf: TensorFlow;
  beforeAll(async () => {
    ({ tf } = await openTestDevice(choice));
  });

  it("the exponential of what is not positive keeps NaN, and its precision", () => {
    const given = [NaN, -Infinity, -0, 0, -1e-30, -1e-8, -0.5, -1, -20, -80, -100, -1e30];
    const actual = tf.tidy(() => createOperations(tf).expOfNonPositive(tf.tensor1d(given)).arraySync()) as number[];
    given.forEach((x, i) => {
      if (Number.isNaN(x)) expect(actual[i]).toBeNaN();
      else expect(Math.abs(actual[i]! - Math.exp(x))).toBeLessThanOrEqual(4e-7 * Math.exp(x) + 1e-37);
    });
  });

  it("operations give what the interpreter gives", async () => {
    const kinds = ["neg", "abs", "sign", "floor", "sqrt", "exp"];
    const binary = ["add", "sub", "mul", "less", "less_equal", "equal"];
    const program = parseProgram(`
      program special {
        parameter x : f32[a: ${special.length}] weight
        entry forward {
          %0 = parameter() {slot: "x"} : f32[a: ${special.length}]
          %1 = rename(%0) {from: [a], to: [b]} : f32[b: ${special.length}]
          %2 = constant() {value: 0, dtype: "f32"} : f32[]
          %3 = max(%0, %2) : f32[a: ${special.length}]
          %4 = constant() {value: 0.5, dtype: "f32"} : f32[]
          %5 = max(%4, %0) : f32[a: ${special.length}]
          %6 = min(%0, %4) : f32[a: ${special.length}]
          %7 = less(%0, %4) : bool[a: ${special.length}]
          %8 = select(%7, %2, %0) : f32[a: ${special.length}]
          ${kinds.map((kind, i) => `%${9 + i} = ${kind}(%0) : f32[a: ${special.length}]`).join("\n")}
          ${binary.map((kind, i) => `%${15 + i} = ${kind}(%0, %1) : ${i < 3 ? "f32" : "bool"}[a: ${special.length}, b: ${special.length}]`).join("\n")}
          return r3: %3, r5: %5, r6: %6, r8: %8, ${Array.from({ length: 12 }, (_, i) => `r${9 + i}: %${9 + i}`).join(", ")}
        }
      }
    `);
    const values = { slots: new Map([["x", Float64Array.from(special, Math.fround)]]), inputs: new Map<string, Float64Array>() };
    const actual = runEntry(tf, program, await load(program), "forward", values).results;
    const expected = reference(program.entries.get("forward")!, values).results;
    for (const [name, data] of expected) {
      const actualData = actual.get(name)!;
      const wrong = [...data].filter((value, i) => !isClose(actualData[i]!, Math.fround(value)));
      expect(wrong, name).toEqual([]);
    }
  });
});
