import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError, RunError, TrainingFault } from "../../src/runtime/errors.js";
import { readLosses } from "../../src/runtime/metrics.js";
import { readSafetensors } from "../../src/runtime/safetensors.js";
import { train, type Summary, type TrainOptions } from "../../src/runtime/train.js";
import type { Manifest } from "../../src/runtime/trainer.js";
import { Recorder, toyData, ToyEngine, toyManifest, type ToyOptions } from "./toy.js";

const root = mkdtempSync(join(tmpdir(), "norm-train-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = (): string => join(root, `run-${count++}`);

interface Session {
  summary: Summary;
  text: string;
  engine: ToyEngine;
}

async function run(
  folder: string,
  options: Partial<TrainOptions> = {},
  toy: ToyOptions = {},
  manifest?: Manifest,
): Promise<Session> {
  const used = manifest ?? toyManifest();
  const output = new Recorder();
  const engine = new ToyEngine(used, toy);
  const summary = await train(used, engine, toyData(used), { folder, stdout: output, stderr: output, ...options });
  return { summary, text: output.text, engine };
}

/** Runs until `step` steps are done, as Ctrl-C would have it. */
function stopAfter(folder: string, step: number, options: Partial<TrainOptions> = {}): Promise<Session> {
  const controller = new AbortController();
  const afterStep = (number: number): void => {
    if (number === step - 1) controller.abort();
  };
  return run(folder, { signal: controller.signal, ...options }, { afterStep });
}

const weights = (folder: string): string => readFileSync(join(folder, "weights.safetensors")).toString("hex");
const metrics = (folder: string): Record<string, unknown>[] =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { seconds: _, examples_per_second: __, ...rest } = JSON.parse(line);
      return rest;
    });

const whole = newFolder();
const wholeSession = await run(whole);

describe("a run", () => {
  it("reports, evaluates at the end of each epoch, and leaves its files", () => {
    const { summary, text } = wholeSession;
    expect(summary).toMatchObject({
      spec: "toy.norm",
      device: "toy on javascript",
      seed: 7,
      steps: 12,
      folder: whole,
      interrupted: false,
    });
    expect(summary.seconds).toBeGreaterThan(0);
    expect(Object.keys(summary.measures)).toEqual(["loss", "close"]);
    expect(summary.loss).toBeLessThan(metrics(whole)[0]!["loss"] as number);
    const lines = metrics(whole);
    expect(lines.filter(({ held_out: held }) => held !== undefined).map(({ step, epoch }) => [step, epoch])).toEqual([
      [4, 1],
      [8, 2],
      [12, 3],
    ]);
    expect(lines.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    expect(Object.keys(lines[0]!)).toEqual(["step", "epoch", "loss", "rate", "close"]);
    expect(readdirSync(whole).sort()).toEqual(["checkpoint.safetensors", "metrics.jsonl", "weights.safetensors"]);
    expect(text.split("\n").slice(0, 4)).toEqual([
      "toy.norm on toy on javascript, seed 7",
      "data   toy data/toy: 20 training examples, 7 held out",
      "model  5 parameters, 4.2 kFLOP per step, 12.4 MiB of memory at the predicted peak",
      `run    3 epochs × 4 steps = 12 steps of 5 examples, saved in ${whole}`,
    ]);
    expect(text).toContain("training loss\n");
    expect(text).toContain("epoch 2/3  held out: loss ");
  });

  it("weights the held-out measures by valid examples", async () => {
    const engine = new ToyEngine();
    await engine.initialise();
    await engine.write(
      new Map(
        [...readSafetensors(join(whole, "checkpoint.safetensors")).tensors].map(([name, { data }]) => [name, data]),
      ),
    );
    const [first, second] = [...toyData().heldOut()];
    const means = [await engine.evaluate(first!), await engine.evaluate(second!)];
    expect(wholeSession.summary.measures["loss"]).toBeCloseTo(
      (means[0]!["loss"]! * 5 + means[1]!["loss"]! * 2) / 7,
      12,
    );
  });

  it("writes parameters and the model's states, not the optimizer's, as weights", () => {
    expect([...readSafetensors(join(whole, "weights.safetensors")).tensors.keys()]).toEqual(["bias", "seen", "weight"]);
    const { tensors, metadata } = readSafetensors(join(whole, "checkpoint.safetensors"));
    expect(tensors.size).toBe(5);
    expect(Object.fromEntries(metadata)).toMatchObject({
      format: "norm checkpoint",
      version: "1",
      step: "12",
      epoch: "3",
      batch_in_epoch: "0",
      seed: "7",
    });
  });

  it("counts steps where the recipe does, and evaluates at the end even within an epoch", async () => {
    const { epochs: _, ...rest } = toyManifest();
    const folder = newFolder();
    const { summary, text } = await run(folder, {}, {}, { ...rest, steps: 6 });
    expect(summary.steps).toBe(6);
    expect(metrics(folder).at(-1)).toMatchObject({ step: 6, epoch: 2, held_out: summary.measures });
    expect(text).toContain("run    6 steps of 5 examples");
  });

  it("puts the summary alone on stdout with --json, and nothing more with --quiet", async () => {
    const [stdout, stderr] = [new Recorder(), new Recorder()];
    const { summary } = await run(newFolder(), { json: true, stdout, stderr });
    expect(JSON.parse(stdout.text)).toEqual(summary);
    expect(stdout.text.endsWith("}\n")).toBe(true);
    expect(stderr.text).toContain("toy.norm on toy");
    const quiet = await run(newFolder(), { quiet: true });
    expect(quiet.text).toBe("");
  });
});

describe("resuming", () => {
  it.each(Array.from({ length: 12 }, (_, i) => i))("goes on bit-exactly after a stop at step %i", async (step) => {
    const folder = newFolder();
    const stopped = step === 0 ? await run(folder, { signal: AbortSignal.abort() }) : await stopAfter(folder, step);
    expect(stopped.summary).toMatchObject({ interrupted: true, steps: step });
    expect(weights(folder)).not.toBe(weights(whole));
    const resumed = await run(folder, { resume: true });
    expect(resumed.engine.taken).toEqual(Array.from({ length: 12 - step }, (_, i) => step + i));
    expect(resumed.text).toContain(`Resuming after step ${step} of 12.`);
    expect(weights(folder)).toBe(weights(whole));
    expect(metrics(folder)).toEqual(metrics(whole));
    expect({ ...resumed.summary, seconds: 0, folder: "" }).toEqual({ ...wholeSession.summary, seconds: 0, folder: "" });
    expect(resumed.summary.seconds).toBeGreaterThan(stopped.summary.seconds);
  });

  it("sees a signal that arrives while an engine computes without giving way", async () => {
    const controller = new AbortController();
    const afterStep = (step: number): void => void (step === 4 && setImmediate(() => controller.abort()));
    const { summary } = await run(newFolder(), { signal: controller.signal }, { afterStep });
    expect(summary.steps).toBe(5);
  });

  it("makes up for an evaluation that was given up", async () => {
    const folder = newFolder();
    const controller = new AbortController();
    await run(folder, { signal: controller.signal }, { afterEvaluation: () => controller.abort() });
    expect(metrics(folder).length).toBe(4);
    // As if the run had gone on, evaluated, and been killed before its next checkpoint.
    appendFileSync(join(folder, "metrics.jsonl"), '{"step":4,"epoch":1,"held_out":{"loss":99}}\n');
    await run(folder, { resume: true });
    expect(metrics(folder)).toEqual(metrics(whole));
  });

  it("drops metrics from after the checkpoint, and a torn line", async () => {
    const folder = newFolder();
    await stopAfter(folder, 6);
    const path = join(folder, "metrics.jsonl");
    appendFileSync(
      path,
      '{"step":7,"epoch":2,"loss":99}\n{"step":8,"epoch":2,"held_out":{"loss":99}}\nnull\n{"step":9,"lo',
    );
    await run(folder, { resume: true });
    expect(metrics(folder)).toEqual(metrics(whole));
  });

  it("says that a finished run is finished, and repairs weights that were not written any more", async () => {
    const folder = newFolder();
    await run(folder);
    const complete = weights(folder);
    writeFileSync(join(folder, "weights.safetensors"), "old");
    const { summary, text, engine } = await run(folder, { resume: true });
    expect(engine.taken).toEqual([]);
    expect(text).toContain("This run is finished");
    expect(summary).toMatchObject({ steps: 12, interrupted: false, measures: wholeSession.summary.measures });
    expect(weights(folder)).toBe(complete);
  });

  it("starts from the beginning when there is no checkpoint, and says so", async () => {
    const folder = newFolder();
    const { text } = await run(folder, { resume: true });
    expect(text).toContain("There is no checkpoint to resume from: starting from the beginning.");
    expect(weights(folder)).toBe(weights(whole));
  });

  it("says when the device is another one", async () => {
    const folder = newFolder();
    await stopAfter(folder, 2);
    const output = new Recorder();
    const engine = new ToyEngine();
    engine.device = "toy on abacus";
    await train(toyManifest(), engine, toyData(), { folder, resume: true, stdout: output });
    expect(output.text).toContain("The checkpoint was made on toy on javascript");
  });
});

describe("an engine that gives its results late", () => {
  it.each([1, 2, 3, 50])("is kept busy %i steps ahead, within an epoch, with the same results", async (ahead) => {
    const folder = newFolder();
    const { summary, engine } = await run(folder, {}, { ahead });
    expect(engine.mostUnderWay).toBe(Math.min(ahead + 1, 4));
    expect(engine.taken).toEqual(wholeSession.engine.taken);
    expect(weights(folder)).toBe(weights(whole));
    expect(metrics(folder)).toEqual(metrics(whole));
    expect({ ...summary, seconds: 0, folder: "" }).toEqual({ ...wholeSession.summary, seconds: 0, folder: "" });
  });

  it("may want fewer steps ahead than before", async () => {
    const folder = newFolder();
    // How many results were not yet recorded when a step was submitted.
    const behind: number[] = [];
    const engine: ToyEngine = new ToyEngine(toyManifest(), {
      ahead: 3,
      afterStep: (step) => {
        behind.push(step - readLosses(folder).length);
        if (step === 2) engine.ahead = 1;
      },
    });
    await train(toyManifest(), engine, toyData(), { folder, quiet: true });
    expect(behind).toEqual([0, 1, 2, 1, 0, 1, 1, 1, 0, 1, 1, 1]);
    expect(weights(folder)).toBe(weights(whole));
  });

  it("has nothing under way when a checkpoint is written, where it would be without", async () => {
    const saved: number[] = [];
    const folder = newFolder();
    const manifest = toyManifest();
    const engine = new ToyEngine(manifest, { ahead: 2 });
    const read = engine.read.bind(engine);
    engine.read = () => {
      saved.push(engine.taken.length);
      return read();
    };
    await train(manifest, engine, toyData(manifest), { folder, quiet: true, checkpointEvery: { steps: 3 } });
    // The last two are the end's checkpoint and the weights.
    expect(saved).toEqual([3, 6, 9, 12, 12]);
    expect(weights(folder)).toBe(weights(whole));
  });

  it.each(Array.from({ length: 11 }, (_, i) => i + 1))("goes on bit-exactly after a stop at step %i", async (step) => {
    const folder = newFolder();
    const controller = new AbortController();
    const afterStep = (number: number): void => void (number === step - 1 && controller.abort());
    const stopped = await run(folder, { signal: controller.signal }, { ahead: 2, afterStep });
    // What was under way is finished and kept, and nothing more is begun.
    expect(stopped.summary).toMatchObject({ interrupted: true, steps: step });
    const resumed = await run(folder, { resume: true }, { ahead: 2 });
    expect(resumed.engine.taken[0] ?? 12).toBe(step);
    expect(weights(folder)).toBe(weights(whole));
    expect(metrics(folder)).toEqual(metrics(whole));
  });

  it.each([4, 5, 6, 7])("has the fault of step %i found on its own batch, and nothing after it kept", async (faultAt) => {
    const folder = newFolder();
    const manifest = toyManifest();
    const engine = new ToyEngine(manifest, { ahead: 3, faultAt });
    const options = { folder, quiet: true, checkpointEvery: { steps: 3 } };
    const fault: TrainingFault = await train(manifest, engine, toyData(manifest), options).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(fault).toBeInstanceOf(TrainingFault);
    expect(fault.step).toBe(faultAt);
    expect(engine.located).toEqual({ step: faultAt, batch: [...toyData(manifest).training(1, faultAt - 4)][0] });
    expect(engine.taken).toEqual(Array.from({ length: faultAt }, (_, i) => i));
    const kept = faultAt < 6 ? 3 : 6;
    expect(fault.message).toContain(`The checkpoint after step ${kept} is kept`);
    const recorded = metrics(folder).filter(({ loss }) => loss !== undefined);
    expect(recorded.map(({ step }) => step)).toEqual(Array.from({ length: faultAt }, (_, i) => i + 1));
    await run(folder, { resume: true }, { ahead: 3 });
    expect(weights(folder)).toBe(weights(whole));
  });

  it("may fail with steps under way: the run ends with its error once they are over", async () => {
    const folder = newFolder();
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    const engine = new ToyEngine(toyManifest(), { ahead: 3, brokenAt: 5 });
    const failed = train(toyManifest(), engine, toyData(), { folder, quiet: true });
    await expect(failed).rejects.toThrow("the device is lost");
    await engine.read();
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });

  it("is not rated by the moments at which its results come together", async () => {
    const folder = newFolder();
    await run(folder, {}, { ahead: 3, busy: 2 });
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
    const rates = lines.flatMap(({ examples_per_second: rate }) => (rate === undefined ? [] : [rate as number]));
    expect(rates).toHaveLength(12);
    // Each is that of the last four steps: at most 5 examples in 2 ms.
    expect(rates.every((rate) => rate > 0 && rate <= 2500)).toBe(true);
  });
});

describe("mixed precision", () => {
  it("is told in one line, with how the engine stores", async () => {
    const manifest = toyManifest({ precision: "mixed" });
    const { text } = await run(newFolder(), {}, {}, manifest);
    expect(text.split("\n")[4]).toBe("floats mixed precision (stored as float32 here)");
    const half = await run(newFolder(), {}, { storesHalf: true }, manifest);
    expect(half.text.split("\n")[4]).toBe("floats mixed precision (activations and gradients stored in 16 bits)");
    const { text: single } = await run(newFolder(), {}, { storesHalf: true });
    expect(single).not.toContain("precision");
  });

  it("is part of what a checkpoint belongs to", async () => {
    const folder = newFolder();
    await stopAfter(folder, 3);
    const mixed = run(folder, { resume: true }, {}, toyManifest({ precision: "mixed" }));
    await expect(mixed).rejects.toThrow("precision: single in the checkpoint, mixed here");
  });
});

describe("a folder that does not fit", () => {
  it("is refused for a fresh start, and left as it is", async () => {
    const folder = newFolder();
    await stopAfter(folder, 3);
    const before = readdirSync(folder).map((name) => readFileSync(join(folder, name), "hex"));
    await expect(run(folder)).rejects.toThrow(/already holds a run .*--resume, or choose another folder/);
    rmSync(join(folder, "checkpoint.safetensors"));
    await expect(run(folder)).rejects.toThrow(RunError);
    await expect(run(folder, { resume: true })).rejects.toThrow(/weights .* but no checkpoint/);
    expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), "hex"))).toEqual(before.slice(1));
  });

  it("says precisely what differs", async () => {
    const folder = newFolder();
    await stopAfter(folder, 3);
    const base = toyManifest();
    const wider = { ...base.parameters[0]!, axes: [{ name: "feature", extent: 8 }] };
    const other = { ...base, seed: 8, epochs: 4, parameters: [wider, base.parameters[1]!], recipe: "rate 0.1" };
    const error: Error = await train(other, new ToyEngine(), toyData(), { folder, resume: true, quiet: true }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(RunError);
    expect(error.message.split("\n").slice(1)).toEqual([
      "  seed: 7 in the checkpoint, 8 here",
      "  epochs: 3 in the checkpoint, 4 here",
      "  recipe: rate 0.2 in the checkpoint, rate 0.1 here",
      "  parameter weight: f32 feature 4 in the checkpoint, f32 feature 8 here",
    ]);
  });

  it("may have another spec file name, costs and reports", async () => {
    const folder = newFolder();
    await stopAfter(folder, 3);
    const cost = { parameters: 5, flopsPerStep: 1, peakBytes: 1 };
    await run(folder, { resume: true }, {}, toyManifest({ spec: "renamed.norm", cost, reports: [] }));
    expect(metrics(folder)).toEqual(metrics(whole));
  });

  it("is refused when its checkpoint is damaged", async () => {
    const folder = newFolder();
    await stopAfter(folder, 3);
    const path = join(folder, "checkpoint.safetensors");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    await expect(run(folder, { resume: true })).rejects.toThrow(FormatError);
  });
});

describe("a step that is not finite", () => {
  it("stops the run, names the place, and leaves the checkpoint", async () => {
    const folder = newFolder();
    const checkpointEvery = { steps: 3 };
    const fault: TrainingFault = await run(folder, { checkpointEvery }, { faultAt: 7 }).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(fault).toBeInstanceOf(TrainingFault);
    expect(fault).toMatchObject({
      operation: "rsqrt",
      place: "encoder.3.attention.before.cls",
      source: "toy.norm:4:7",
      phase: "forward",
      step: 7,
    });
    expect(fault.message).toBe(
      "training step 8 gave NaN or infinity: first in rsqrt of the forward phase, at encoder.3.attention.before.cls (toy.norm:4:7). " +
        `The checkpoint after step 6 is kept in ${folder}.`,
    );
    expect(existsSync(join(folder, "weights.safetensors"))).toBe(false);
    await run(folder, { resume: true });
    expect(weights(folder)).toBe(weights(whole));
  });

  it("says so when there is no checkpoint, or no place", async () => {
    const engine = new ToyEngine(toyManifest(), { faultAt: 0 });
    engine.locate = async () => undefined;
    const failed = train(toyManifest(), engine, toyData(), { folder: newFolder(), quiet: true });
    await expect(failed).rejects.toThrow(
      /^training step 1 gave NaN or infinity: no single operation .* There is no checkpoint yet\.$/,
    );
  });
});
