/** Measures in a run: when they are taken, what is written of them, and that a resumed run takes the same. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readLosses } from "../../src/runtime/metrics.js";
import { formatMeasured } from "../../src/runtime/progress.js";
import { train, type TrainOptions } from "../../src/runtime/train.js";
import type { Measurement } from "../../src/runtime/trainer.js";
import { features, Recorder, toyData, ToyEngine, toyManifest, type ToyOptions } from "./toy.js";

const root = mkdtempSync(join(tmpdir(), "norm-measures-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = (): string => join(root, `run-${count++}`);

/** The mean of the held-out inputs times the weight, and the weight itself. */
const program = `program toy {
  input x : f32[batch: 4, feature: ${features}]
  input weight : f32[feature: ${features}]
  entry measure {
    %0 = input() {slot: "x"} : f32[batch: 4, feature: ${features}]
    %1 = input() {slot: "weight"} : f32[feature: ${features}]
    %2 = mul(%0, %1) : f32[batch: 4, feature: ${features}]
    %3 = reduce_sum(%2) {axes: [batch, feature]} : f32[]
    return m0: %3, m1: %1
  }
}
`;
const axes = [{ name: "feature", extent: features }];
const line = (name: string, every: Measurement["every"], more: Partial<Measurement> = {}): Measurement => ({
  values: [`product(${name})`, `weight(${name})`],
  every,
  examples: 4,
  mode: "evaluation",
  entry: "measure",
  collected: [
    { name: "x", axes: [{ name: "batch", extent: 5 }, ...axes], combine: "rows" },
    { name: "weight", axes, combine: "last" },
  ],
  program,
  ...more,
});
// Of 12 steps in 3 epochs.
const manifest = toyManifest({ measures: [line("e", { count: 2, unit: "epochs" }), line("s", { count: 5, unit: "steps" })] });

async function run(folder: string, options: Partial<TrainOptions> = {}, toy: ToyOptions = {}, used = manifest) {
  const output = new Recorder();
  const summary = await train(used, new ToyEngine(used, toy), toyData(used), { folder, stdout: output, stderr: output, ...options });
  return { summary, text: output.text };
}

const metrics = (folder: string): Record<string, unknown>[] =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((text) => {
    const { seconds: _, examples_per_second: __, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return rest;
  });
const taken = (folder: string) => metrics(folder).filter(({ measures }) => measures !== undefined);

const whole = newFolder();
const { summary, text } = await run(whole);

describe("a run with measures", () => {
  it("takes them when they are due, and all of them after the last step, each time in one line", () => {
    const of = (...names: string[]) => names.flatMap((name) => [`product(${name})`, `weight(${name})`]);
    expect(taken(whole).map(({ step, epoch, measures }) => [step, epoch, Object.keys(measures as object)])).toEqual([
      [5, 2, of("s")],
      [8, 2, of("e")],
      [10, 3, of("s")],
      [12, 3, of("e", "s")],
    ]);
  });
  it("computes them of the first held-out examples, in float64", () => {
    const [batch] = [...toyData(manifest).heldOut()];
    const last = taken(whole).at(-1)!["measures"] as Record<string, number | number[]>;
    const weight = last["weight(e)"] as number[];
    const x = batch!.inputs.get("x")!;
    const expected = Array.from({ length: 4 * features }, (_, i) => x[i]! * weight[i % features]!).reduce((a, b) => a + b, 0);
    expect(last["product(e)"]).toBeCloseTo(expected, 12);
    expect(weight).toHaveLength(features);
  });
  it("says them, and gives the last ones beside the held-out means", () => {
    expect(text).toContain("epoch 2/3  step 8  measured: product(e) ");
    expect(summary.measures).toMatchObject({ ...(taken(whole).at(-1)!["measures"] as object), close: expect.any(Number) as number });
  });
  it("leaves the training curve as it is", () => {
    expect(readLosses(whole).map(({ x }) => x)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });
  it("trains as one without measures does", async () => {
    const plain = newFolder();
    await run(plain, {}, {}, toyManifest());
    const weights = (folder: string) => readFileSync(join(folder, "weights.safetensors")).toString("hex");
    expect(weights(whole)).toBe(weights(plain));
  });
  it("gives the same with an engine whose results come late", async () => {
    const folder = newFolder();
    await run(folder, {}, { ahead: 3 });
    expect(metrics(folder)).toEqual(metrics(whole));
  });
});

describe("resuming", () => {
  it.each([1, 4, 5, 7, 8, 10, 11, 12])("after step %d takes the same measures", async (step) => {
    const folder = newFolder();
    const controller = new AbortController();
    await run(folder, { signal: controller.signal }, { afterStep: (number) => void (number === step - 1 && controller.abort()) });
    expect(taken(folder).every((metric) => (metric["step"] as number) <= step)).toBe(true);
    await run(folder, { resume: true });
    expect(metrics(folder)).toEqual(metrics(whole));
  });
  it("of a run that was killed after a checkpoint does not write measures twice", async () => {
    const folder = newFolder();
    const fault = run(folder, { checkpointEvery: { steps: 3 } }, { brokenAt: 10, ahead: 1 });
    await expect(fault).rejects.toThrow("the device is lost");
    await run(folder, { resume: true });
    expect(metrics(folder)).toEqual(metrics(whole));
  });
  it("goes on with a checkpoint from before there were measures", async () => {
    const folder = newFolder();
    const controller = new AbortController();
    await run(folder, { signal: controller.signal }, { afterStep: (number) => void (number === 3 && controller.abort()) }, toyManifest());
    await run(folder, { resume: true });
    expect(taken(folder)).toEqual(taken(whole));
  });
});

describe("measures that cannot be taken", () => {
  it("of more examples than there are in whole batches are refused before anything is written", async () => {
    const folder = newFolder();
    const used = toyManifest({ measures: [line("e", { count: 1, unit: "epochs" }, { examples: 6 })] });
    await expect(run(folder, {}, {}, used)).rejects.toThrow("product(e) is measured of 6 examples, and there are 7 held-out examples, which are 5 in whole batches of 5. Write `of 5 examples` behind the measure, or hold out more");
    expect(() => readFileSync(join(folder, "metrics.jsonl"))).toThrow("no such file");
  });
  it.each([
    ["no program", program.slice(20)],
    ["a program without a result", program.replace("m1: %1", "m2: %1")],
    ["a program that reads something else", program.replaceAll('"weight"', '"other"').replace("input weight", "input other")],
  ])("by %s are refused", async (_, damaged) => {
    const used = toyManifest({ measures: [line("e", { count: 1, unit: "epochs" }, { program: damaged })] });
    await expect(run(newFolder(), {}, {}, used)).rejects.toThrow("the manifest is damaged: the program that measures product(e), weight(e) is none");
  });
});

it("lists are told by their ends, and of many measures the first", () => {
  expect(formatMeasured({ a: [1, 2, 3], b: [0.5, null], c: null })).toBe("a 1.000 … 3.000 (3), b [0.5000, NaN], c NaN");
  expect(formatMeasured(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`m${i}`, i])))).toMatch(/m7 7\.000, and 3 more$/);
});
