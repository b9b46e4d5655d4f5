/** Those who watch a run see all of it, and cannot disturb it. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { observersFor } from "../../../src/runtime/logging/observers.js";
import { recipeIdentity } from "../../../src/runtime/logging/identity.js";
import { MlflowAddress } from "../../../src/runtime/logging/mlflow/address.js";
import { hyperparameters } from "../../../src/runtime/logging/values.js";
import type { Metrics } from "../../../src/runtime/metrics.js";
import { Observers, type RunEnding, type RunObserver, type RunStart } from "../../../src/runtime/observer.js";
import { train, type TrainOptions } from "../../../src/runtime/train.js";
import { Recorder, toyData, ToyEngine, toyManifest, type ToyOptions } from "../toy.js";
import { FakeMlflow } from "./mlflow-server.js";
import { newFolder, runStart } from "./watched.js";

class Watcher implements RunObserver {
  readonly name = "watcher";
  session: RunStart | undefined;
  ending: RunEnding | undefined;
  readonly lines: Metrics[] = [];
  start(run: RunStart): void {
    this.session = run;
  }
  line(metrics: Metrics): void {
    this.lines.push(metrics);
  }
  async end(ending: RunEnding): Promise<void> {
    this.ending = ending;
  }
}

async function run(folder: string, observers: readonly RunObserver[], options: Partial<TrainOptions> = {}, toy: ToyOptions = {}): Promise<string> {
  const manifest = toyManifest();
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  await train(manifest, new ToyEngine(manifest, toy), toyData(manifest), { folder, quiet: true, stdout, stderr, observers, checkpointEvery: { steps: 3 }, ...options });
  expect(stdout.text).toBe("");
  return stderr.text;
}

const recorded = (folder: string) => readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as Metrics);
const weights = (folder: string) => readFileSync(join(folder, "weights.safetensors"), "hex");

const whole = newFolder();
const watcher = new Watcher();
await run(whole, [watcher]);

test("a run's start, each line of its metrics, and its end are told", () => {
  expect(watcher.session).toMatchObject({ folder: whole, device: "toy on javascript", steps: 12, step: 0, seconds: 0, kept: [], manifest: { name: "toy", seed: 7, recipe: "rate 0.2" } });
  expect(watcher.lines).toEqual(recorded(whole));
  expect(watcher.lines).toHaveLength(15);
  expect(watcher.ending).toEqual({ kind: "finished" });
});

test("what fails is told with its message, and a resume with the lines that stand", async () => {
  const folder = newFolder();
  const first = new Watcher();
  await expect(run(folder, [first], {}, { brokenAt: 7, ahead: 1 })).rejects.toThrow("the device is lost");
  expect(first.ending).toEqual({ kind: "failed", message: "the device is lost" });
  const before = recorded(folder);
  const second = new Watcher();
  await run(folder, [second], { resume: true });
  const { step, kept } = second.session!;
  expect(step).toBeGreaterThan(0);
  expect(step).toBeLessThan(7);
  expect(kept).toEqual(before.filter((line) => line.step <= step));
  expect([...kept, ...second.lines]).toEqual(recorded(folder));
  expect(weights(folder)).toBe(weights(whole));
});

test("a stop is told, and that a finished run has nothing left", async () => {
  const folder = newFolder();
  const stopped = new Watcher();
  const stop = new AbortController();
  await run(folder, [stopped], { signal: stop.signal }, { afterStep: (step) => void (step === 4 && stop.abort()) });
  expect(stopped.ending).toEqual({ kind: "interrupted" });
  await run(folder, [], { resume: true });
  const late = new Watcher();
  await run(folder, [late], { resume: true });
  expect(late.session).toMatchObject({ step: 12, kept: recorded(folder) });
  expect(late.lines).toEqual([]);
  expect(late.ending).toEqual({ kind: "finished" });
});

test.each(["start", "line", "end"] as const)("an observer that throws at its %s is told of once, and the run is the same", async (place) => {
  const folder = newFolder();
  const broken = new Watcher();
  broken[place] = () => {
    throw new Error("the disk is full");
  };
  const other = new Watcher();
  expect(await run(folder, [broken, other])).toBe("watcher: the disk is full; nothing more is logged there\n");
  expect(weights(folder)).toBe(weights(whole));
  expect(other.lines).toHaveLength(15);
  expect(other.ending).toEqual({ kind: "finished" });
});

test("an observer that does not end is left behind, and one that is late is told of the time", async () => {
  const told: string[] = [];
  const [stuck, late] = [new Watcher(), new Watcher()];
  stuck.end = () => new Promise(() => undefined);
  late.end = (_: RunEnding, signal?: AbortSignal) => new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(new Error("too late"))));
  const observers = new Observers([stuck, late], (message) => told.push(message), 0.05);
  const from = performance.now();
  await observers.end({ kind: "finished" });
  expect(performance.now() - from).toBeLessThan(2500);
  expect(told).toEqual(["watcher: too late; nothing more is logged there", "watcher: it does not end; nothing more is logged there"]);
});

test("TensorBoard and MLflow log a run side by side, and with a server that refuses the run is the same", async () => {
  const server = new FakeMlflow();
  const address = MlflowAddress.parse(await server.listen(), {}) as MlflowAddress;
  const identity = { experiment: "normalisation", run: "cls-batch.seed-7", parameters: { cls: "batch", seed: "7" } };
  const folder = newFolder();
  expect(await run(folder, await observersFor({ tensorboard: true, mlflow: address }, identity))).toBe("");
  expect(server.experiments[0]!.name).toBe("normalisation");
  expect(server.runs[0]).toMatchObject({ name: "cls-batch.seed-7", status: "FINISHED" });
  expect(server.runs[0]!.parameters.get("cls")).toBe("batch");
  // Four values of each of 12 steps, and two of each of 3 evaluations.
  expect(server.runs[0]!.metrics).toHaveLength(12 * 4 + 3 * 2);
  expect(readdirSync(folder).filter((name) => name.includes("tfevents"))).toHaveLength(1);
  expect(weights(folder)).toBe(weights(whole));

  server.mishap = () => ({ status: 403 });
  const alone = newFolder();
  expect(await run(alone, await observersFor({ mlflow: address }, identity))).toMatch(/^MLflow: http:\/\/127.0.0.1:\d+ does not let us in \(403\).*; nothing more is logged there\n$/);
  expect(weights(alone)).toBe(weights(whole));
  server.close();
});

test("a recipe that is trained on its own is an experiment, and its folder names the run", () => {
  expect(recipeIdentity({ name: "mnist" }, "runs/mnist-2/")).toEqual({ experiment: "mnist", run: "mnist-2", parameters: {} });
});

test("hyperparameters are numbers where they are numbers, and an ablation's choices have the last word", () => {
  const parameters = hyperparameters(runStart("runs/toy"), { experiment: "", run: "", parameters: { seed: "7", batch: "large", "encoder.place": "pre" } });
  expect(Object.fromEntries(parameters)).toMatchObject({ seed: 7, flops_per_step: 4200, optimizer: "adamw(decay: 0.5)", "optimizer at norm, bias": "sgd", batch: "large", "encoder.place": "pre" });
});

test("nothing that a written trainer gets imports the logs", () => {
  const source = fileURLToPath(new URL("../../../src/runtime/", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts") && !name.startsWith("logging"));
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((name) => /from "[^"]*logging\/|import\("[^"]*logging\/|protobufjs|crc32/.test(readFileSync(join(source, name), "utf8")))).toEqual([]);
});
