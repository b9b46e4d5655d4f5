/** Random programs, forward and with gradients, against the float64 interpreter. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret } from "../../src/ir/interpret.js";
import { randomProgram } from "../ir/random-program.js";
import { withGradients } from "../ir/support.js";
import type { RunStep } from "./run.js";

/**
 * Values lie within ±4 and are away from ties. Float32 sums of a few products lose some 1e-6 of them; gradients are up to some
 * hundreds of such values, multiplied.
 */
const tolerance = 2e-3;

/** How many programs, unless a test is slow. */
export const usualRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

export function testRandomPrograms(runners: Readonly<Record<string, RunStep>>, numRuns = usualRuns): void {
  test.each(Object.entries(runners))("agree with the interpreter, %s", async (_, run) => {
    await fc.assert(
      fc.asyncProperty(randomProgram(12), async ({ program, environment }) => {
        const both = withGradients(program);
        const expected = interpret(both.entries.get("step")!, environment);
        const { results } = await run(both, environment);
        for (const [result, { data }] of expected.results) {
          const got = results.get(result)!;
          const scale = Math.max(1, ...data.map(Math.abs));
          data.forEach((value, i) => {
            if (!(Math.abs(got[i]! - value) <= tolerance * scale)) expect.fail(`${result}[${i}] is ${got[i]}, not ${value}`);
          });
        }
      }),
      { numRuns, seed: 20261121 },
    );
  }, 600_000);
}
