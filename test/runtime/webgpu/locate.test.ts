/** Which of several dispatches is blamed for a value that is not finite. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { type OpenDevice, openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { createEngine } from "../../../src/runtime/webgpu/engine.js";
import type { Plan, PlannedDispatch } from "../../../src/runtime/webgpu/plan.js";
import { describeOnGpu } from "./on-gpu.js";
import { regressionBatch, regressionManifest, regressionPlan } from "./regression.js";

/** A dispatch that writes two words of 32 bits at its own place in the arena, as `type`. */
interface Writer {
  readonly operation: string;
  readonly words: readonly [number, number];
  readonly type?: "f32" | "f16" | "i32";
  /** Numbers of the dispatches whose results it is bound to read. */
  readonly reads?: readonly number[];
  /** The number of the dispatch whose place it takes; by default its own. */
  readonly at?: number;
}

const one = 0x3f800000;
const infinity = 0xff800000;
const notANumber = 0x7fc00000;

function planOf(writers: readonly Writer[]): Plan {
  const base = regressionPlan();
  const shaders = writers.map(({ words, reads = [] }) => {
    const read = reads.map((_, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> r${i}: array<u32>;`).join("\n");
    const used = reads.map((_, i) => ` + 0u * r${i}[0]`).join("");
    return `@group(0) @binding(0) var<storage, read_write> own: array<u32>;\n${read}
@compute @workgroup_size(1) fn main() { own[0] = ${words[0]}u${used}; own[1] = ${words[1]}u; }`;
  });
  const bind = (i: number) => ({ buffer: "arena", offset: 256 * i, size: 8, access: "read_write" }) as const;
  const dispatches = writers.map(({ operation, type = "f32", reads = [], at }, i): PlannedDispatch => {
    const own = at ?? i;
    const output = { buffer: "arena", type, offset: 256 * own, elements: type === "f16" ? 3 : 2, operation, place: `place${i}`, phase: "forward" } as const;
    return { shader: base.shaders.length + i, groups: [1, 1], bindings: [own, ...reads].map(bind), outputs: [output] };
  });
  return {
    ...base,
    buffers: { ...base.buffers, arena: 256 * writers.length + 512 },
    shaders: [...base.shaders, ...shaders],
    entries: { ...base.entries, step: { dispatches, check: [], commit: [], results: [] } },
  };
}

const mask: Writer = { operation: "select", words: [infinity, one] };
const cases: readonly (readonly [what: string, writers: readonly Writer[], found: string | undefined])[] = [
  ["nothing, where all is finite", [{ operation: "add", words: [one, 0] }], undefined],
  ["the first of several", [{ operation: "add", words: [one, one] }, { operation: "div", words: [one, infinity] }, { operation: "mul", words: [notANumber, one] }], "div at place1"],
  ["no words that are no floats", [{ operation: "argsort", words: [notANumber, infinity], type: "i32" }], undefined],
  ["16-bit floats", [{ operation: "exp", words: [0x7c003c00, 0], type: "f16" }], "exp at place0"],
  ["no 16-bit float behind the last", [{ operation: "exp", words: [0, 0x7e000000], type: "f16" }], undefined],
  ["NaN after a mask", [mask, { operation: "sub", words: [notANumber, 0], reads: [0] }], "sub at place1"],
  ["an infinity that comes of no mask", [mask, { operation: "reduce_max", words: [infinity, 0], reads: [0] }, { operation: "exp", words: [infinity, 0] }], "exp at place2"],
  ["an infinity in the place of a mask that is gone", [mask, { operation: "add", words: [one, one], at: 0 }, { operation: "exp", words: [infinity, 0], reads: [0] }], "exp at place2"],
  ["the mask, where there is nothing else", [mask, { operation: "reduce_max", words: [infinity, 0], reads: [0] }], "select at place0"],
];

let open: OpenDevice;
beforeEach(async () => {
  open = await openDevice({ features: [], limits: {} });
});
afterEach(() => open.device.destroy());

describeOnGpu("to blame is", () => {
  test.each(cases)("%s", async (_, writers, found) => {
    const engine = await createEngine(open, planOf(writers), regressionManifest);
    const fault = await engine.locate(regressionBatch(0), 0, 1);
    expect(fault && `${fault.operation} at ${fault.place}`).toBe(found);
    engine.dispose();
  });
});
