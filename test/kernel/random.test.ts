/** Random programs, forward and with gradients: their kernels pass the verifier and compute what the interpreter of the IR does. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/ir/interpret.js";
import type { Device } from "../../src/kernel/device.js";
import { interpretKernels } from "../../src/kernel/interpret.js";
import { lower } from "../../src/kernel/lower.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { randomProgram } from "../ir/random-program.js";
import { relativeError, withGradients } from "../ir/support.js";
import { devices } from "./devices.js";

/** What is computed in another order differs by some units in the last place, 1e-16, times how much a gradient magnifies them. */
const tolerance = 1e-9;

const runs = Number(process.env["FUZZ_RUNS"] ?? 300) / 2;

describe.each(Object.entries(devices))("with %s", (_, device: Device) => {
  test("agree with the interpreter of the IR", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(randomProgram(12), ({ program, environment }) => {
        const both = withGradients(program);
        const kernels = lower(both, device, ["step"]);
        verifyKernels(kernels, device);
        const expected = interpret(both.entries.get("step")!, environment);
        const found = interpretKernels(kernels, "step", environment);
        for (const [name, { data }] of expected.results) expect(relativeError(found.results.get(name)!, data), name).toBeLessThan(tolerance);
        for (const [name, data] of expected.updates) expect(relativeError(found.slots.get(name)!, data), name).toBeLessThan(tolerance);
      }),
      { numRuns: runs, seed: 20261121 },
    );
  });
});
