/** Attention head by head: what is done in turns, what is not, and that the verifier finds turns that need one another. */

import { describe, expect, test } from "vitest";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import { parseProgram } from "../../src/ir/parse.js";
import { normals } from "../../src/random/threefry.js";
import { type Device, portable } from "../../src/kernel/device.js";
import { interpretKernels } from "../../src/kernel/interpret.js";
import { lower } from "../../src/kernel/lower.js";
import type { Dispatch, KernelProgram } from "../../src/kernel/program.js";
import { verifyKernels } from "../../src/kernel/verify.js";
import { relativeError, withGradients } from "../ir/support.js";
import { withDispatch } from "./broken.js";
import { devices } from "./devices.js";

const device: Device = devices["threads that take turns"]!;

/** Scores, their exponentials and a mixture of values for each of `batch` times `head` pairs of matrices. */
function attention(batch: number, head: number, tokens: number, axes = "batch, head, token, key"): ReturnType<typeof parseProgram> {
  const extents: Readonly<Record<string, number>> = { batch, head, token: tokens, key: 8 };
  const own = axes.split(", ").map((name) => `${name}: ${extents[name]}`).join(", ");
  const scores = `batch: ${batch}, head: ${head}, token: ${tokens}, source: ${tokens}`;
  return parseProgram(`program attention {
  parameter query : f32[${own}] weight
  parameter keys : f32[${own}] weight
  parameter value : f32[${own}] weight

  entry forward {
    %0 = parameter() {slot: "query"} : f32[${own}]
    %1 = parameter() {slot: "keys"} : f32[${own}]
    %2 = parameter() {slot: "value"} : f32[${own}]
    %3 = rename(%1) {from: [token], to: [source]} : f32[${own.replace("token", "source")}]
    %4 = contract(%0, %3) {axes: [key]} : f32[${scores}]
    %5 = reduce_max(%4) {axes: [source]} : f32[batch: ${batch}, head: ${head}, token: ${tokens}]
    %6 = sub(%4, %5) : f32[${scores}]
    %7 = exp(%6) : f32[${scores}]
    %8 = rename(%2) {from: [token], to: [source]} : f32[${own.replace("token", "source")}]
    %9 = contract(%7, %8) {axes: [source]} : f32[batch: ${batch}, head: ${head}, token: ${tokens}, key: 8]
    %10 = mul(%9, %9) : f32[batch: ${batch}, head: ${head}, token: ${tokens}, key: 8]
    %11 = reduce_sum(%10) {axes: [batch, head, token, key]} : f32[]
    return loss: %11
  }
}
`);
}

const turnsOf = (kernels: KernelProgram) => kernels.entries.get("step")!.dispatches.map((dispatch) => ({ turns: dispatch.turns, pieces: dispatch.pieces.length })).filter(({ turns }) => turns !== undefined);

describe("what is done in turns", () => {
  test.each([
    ["many heads", attention(3, 4, 6), 12],
    ["heads that lie between the tokens", attention(3, 4, 6, "batch, token, head, key"), 12],
    ["heads without a batch", attention(1, 16, 6), 16],
  ])("%s: scores, what is computed from them, and the mixture, forward and backward", (_, program, turns) => {
    const both = withGradients(program);
    const kernels = lower(both, device, ["step"]);
    verifyKernels(kernels, device);
    const found = turnsOf(kernels);
    expect(new Set(found.map((own) => own.turns))).toEqual(new Set([turns]));
    // Scores, exponentials and mixture, and the gradients of all three factors.
    expect(found.reduce((total, { pieces }) => total + pieces, 0)).toBeGreaterThanOrEqual(6);
    const slots = new Map(both.parameters.map(({ name, type }, i) => [name, Float64Array.from(normals([i, 1], type.axes.reduce((product, { extent }) => product * extent, 1)))]));
    const environment: Environment = { slots, inputs: new Map(), seed: 1, step: 0 };
    const expected = interpret(both.entries.get("step")!, environment).results;
    const { results } = interpretKernels(kernels, "step", environment);
    for (const [name, { data }] of expected) expect(relativeError(results.get(name)!, data), name).toBeLessThan(1e-9);
  });

  test("not where there are few", () => expect(turnsOf(lower(withGradients(attention(1, 4, 6)), device, ["step"]))).toEqual([]));
  test("not on a device that does not gain by it", () => expect(turnsOf(lower(withGradients(attention(3, 4, 6)), { ...device, takesTurns: false }, ["step"]))).toEqual([]));
});

describe("turns that need one another", () => {
  const kernels = lower(withGradients(attention(3, 4, 6)), device, ["step"]);
  const at = kernels.entries.get("step")!.dispatches.findIndex(({ turns }) => turns !== undefined);
  const broken = (change: (dispatch: Dispatch) => Partial<Dispatch>) => withDispatch(kernels, at, change);

  test("are there to be broken", () => {
    expect(at).toBeGreaterThanOrEqual(0);
    verifyKernels(kernels, device);
  });
  test.each<readonly [string, (dispatch: Dispatch) => Partial<Dispatch>, string]>([
    ["turns that do not divide the rows", () => ({ turns: 5 }), "a turn of 5 needs what another one writes"],
    ["turns across the rows of a matrix", () => ({ turns: 24 }), "a turn of 24 needs what another one writes"],
    ["pieces in another order", ({ pieces }) => ({ pieces: pieces.toReversed() }), "is read before it is written"],
    ["pieces that are said to be side by side", ({ pieces, threads }) => ({ pieces, threads, turns: undefined as unknown as number }), "is read before it is written"],
  ])("%s", (_, change, message) => {
    expect(() => verifyKernels(broken(change), device)).toThrow(message);
  });
  test("a device that takes none", () => expect(() => verifyKernels(kernels, { ...device, takesTurns: false })).toThrow("it is done in turns, which this device does not take"));
  test("what every WebGPU device can do takes none", () => expect(portable.takesTurns).toBe(false));
});
