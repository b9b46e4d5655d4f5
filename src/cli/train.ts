/** `norm train`: from a spec to weights, by the same program that `norm build` writes. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Compiled } from "../compiler/compile.js";
import { checkpointPath } from "../runtime/checkpoint.js";
import { readPlaces } from "../runtime/imports/places.js";
import { interruptedExitCode, watchInterrupts } from "../runtime/interrupts.js";
import { type RunIdentity, recipeIdentity } from "../runtime/logging/identity.js";
import { MlflowAddress } from "../runtime/logging/mlflow/address.js";
import { observersFor } from "../runtime/logging/observers.js";
import { defaultRunFolder } from "../runtime/run-folder.js";
import type { StartOptions } from "../runtime/start.js";
import type { DeviceChoice } from "../runtime/tfjs/devices.js";
import { RunError } from "../runtime/errors.js";
import { requireNoRun, type Summary } from "../runtime/train.js";
import type { AdapterDescription } from "../runtime/webgpu/adapter.js";
import { compileRecipe } from "./build.js";
import { Interrupted, UsageError } from "./exit.js";
import { findGpu } from "./gpu.js";
import { dataFolders } from "./spec.js";
import { trainStages, withFingerprints } from "./stages.js";
import type { Target } from "./targets.js";

export interface TrainOptions {
  /** Without it, the fastest that is there. */
  readonly target?: Target;
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly resume?: boolean;
  /** Where runs of stages are: `mae=runs/mae-2`. */
  readonly from?: readonly string[];
  /** These two are for the recipe that is named; its stages are trained as they say. */
  readonly steps?: number;
  readonly seed?: number;
  /** Event files for TensorBoard in the run's folder. */
  readonly tensorboard?: boolean;
  /** The address of an MLflow server. */
  readonly mlflow?: string;
  /** What the runs are called in those logs, each with its recipe's name behind it (default: after recipe and folder). */
  readonly identity?: RunIdentity;
  readonly json?: boolean;
}

/** Trains what is named, and the stages that it begins with. @throws ProblemsFound, UsageError, Interrupted, and what the runtime throws. */
export async function train(spec: string, options: TrainOptions): Promise<Summary> {
  if (options.steps === 0) throw new UsageError("--steps must be at least 1");
  if (options.threads === 0) throw new UsageError("--threads must be at least 1");
  if ((options.device ?? "auto") !== "auto" && options.target !== "tfjs") {
    throw new UsageError(`--device ${options.device} is a device of the target tfjs: give \`--target tfjs\` with it`);
  }
  if (options.threads !== undefined && (options.target ?? "wasm") !== "wasm") throw new UsageError("--threads is for the target wasm");
  const mlflow = options.mlflow === undefined ? undefined : MlflowAddress.parse(options.mlflow);
  if (typeof mlflow === "string") throw new UsageError(mlflow);
  const logs = { tensorboard: options.tensorboard === true, ...(mlflow === undefined ? {} : { mlflow }) };
  const search = new AbortController();
  const interrupts = watchInterrupts();
  try {
    const target = options.target ?? (options.threads === undefined ? undefined : "wasm");
    const gpu = target === undefined ? findGpu(search.signal) : undefined;
    const own = withFingerprints(compileRecipe(spec));
    const compiled = options.seed === undefined ? own : { ...own, manifest: { ...own.manifest, seed: options.seed } };
    const from = readPlaces(options.from ?? [], compiled.manifest);
    if (typeof from === "string") throw new UsageError(from);
    const shared = { data: dataFolders(spec, options.data), signal: interrupts.signal };
    const { identity } = options;
    const identityOf = ({ manifest }: Compiled, place: string) => (identity === undefined ? recipeIdentity(manifest, place) : { ...identity, run: `${identity.run} ${manifest.name}` });
    const runOf = (recipe: Compiled) => runOn(target, gpu, recipe, options);
    const folder = options.out ?? defaultRunFolder(compiled.manifest.name, options.resume === true);
    if (options.resume !== true) requireNoRun(folder);
    if (!existsSync(checkpointPath(folder))) {
      await trainStages(compiled, dirname(folder), from, async (stage, place) => {
        const run = await runOf(stage);
        const observers = await observersFor(logs, identityOf(stage, place.folder));
        const summary = await run({ ...shared, ...place, observers, ...(options.json === true ? { stdout: process.stderr } : {}) });
        if (summary.interrupted) throw new Interrupted(String(interruptedExitCode));
      });
    }
    const run = await runOf(compiled);
    const summary = await run({
      ...shared,
      folder,
      observers: await observersFor(logs, identityOf(compiled, folder)),
      from,
      resume: options.resume === true,
      json: options.json === true,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
    });
    if (summary.interrupted) throw new Interrupted(String(interruptedExitCode));
    return summary;
  } finally {
    interrupts.dispose();
    search.abort();
  }
}

type Run = (options: StartOptions) => Promise<Summary>;

/** @param gpu what `findGpu` finds, when the target is not chosen. */
async function runOn(target: Target | undefined, gpu: Promise<AdapterDescription | undefined> | undefined, compiled: Compiled, { device, threads }: TrainOptions): Promise<Run> {
  switch (target) {
    case "tfjs":
      return tfjsRun(compiled, device ?? "auto");
    case "webgpu":
      return webgpuRun(compiled, await (await import("../runtime/webgpu/adapter.js")).describeAdapter());
    case "wasm":
      return wasmRun(compiled, threads);
    case undefined:
      return fastestRun(compiled, await gpu);
  }
}

/** On a GPU, if it computes what is asked, else on the CPU. The choice is printed. */
async function fastestRun(compiled: Compiled, gpu: AdapterDescription | undefined): Promise<Run> {
  const chosen = (target: Target, why: string) => process.stderr.write(`target ${target}: ${why}\n`);
  if (gpu === undefined || gpu.isSoftware) {
    chosen("wasm", gpu === undefined ? "WebGPU finds no GPU here (`--target webgpu` says why)" : "WebGPU finds only a GPU that the CPU plays");
    return wasmRun(compiled);
  }
  try {
    const run = await webgpuRun(compiled, gpu);
    chosen("webgpu", "there is a GPU");
    return run;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    chosen("wasm", error.message);
    return wasmRun(compiled);
  }
}

async function wasmRun(compiled: Compiled, asked?: number): Promise<Run> {
  const { defaultThreads, runTrainer } = await import("../runtime/wasm/trainer.js");
  const { enableRelaxedSimd } = await import("../runtime/wasm/node-features.js");
  const { compileWasm } = await import("./wasm.js");
  const threads = asked ?? defaultThreads();
  const trainer = await compileWasm(compiled, threads, enableRelaxedSimd());
  return (options) => runTrainer(trainer, { ...options, threads });
}

async function tfjsRun({ program, manifest: compiled }: Compiled, device: DeviceChoice): Promise<Run> {
  const { importProgram, runTrainer } = await import("../runtime/tfjs/trainer.js");
  const { emitTfjs } = await import("../target/tfjs/emit.js");
  const { tfjsManifest } = await import("../target/tfjs/manifest.js");
  const manifest = tfjsManifest(program, compiled);
  const module = await importProgram(await emitTfjs(program, manifest));
  const searchFrom = [process.cwd(), fileURLToPath(new URL("../../", import.meta.url))];
  return (options) => runTrainer({ manifest, module }, { ...options, device, searchFrom });
}

/** Kernels are compiled for the GPU that they will run on. */
async function webgpuRun(compiled: Compiled, adapter: AdapterDescription): Promise<Run> {
  const { runTrainer } = await import("../runtime/webgpu/trainer.js");
  const { deviceOf } = await import("../target/webgpu/device.js");
  const { compileWebgpu } = await import("./webgpu.js");
  const trainer = compileWebgpu(compiled, deviceOf(adapter));
  return (options) => runTrainer(trainer, options);
}
