/** `norm train`: from a spec to weights, by the same program that `norm build` writes. */

import { fileURLToPath } from "node:url";
import type { Compiled } from "../compiler/compile.js";
import { interruptedExitCode, watchInterrupts } from "../runtime/interrupts.js";
import { defaultRunFolder } from "../runtime/run-folder.js";
import type { StartOptions } from "../runtime/start.js";
import type { DeviceChoice } from "../runtime/tfjs/devices.js";
import type { Summary } from "../runtime/train.js";
import { compileRecipe } from "./build.js";
import { Interrupted, UsageError } from "./exit.js";
import { dataFolders } from "./spec.js";

export interface TrainOptions {
  readonly target: "tfjs" | "webgpu";
  readonly device?: DeviceChoice;
  readonly out?: string;
  readonly data?: string;
  readonly resume?: boolean;
  readonly steps?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** @throws ProblemsFound, UsageError, Interrupted, and what the runtime throws. */
export async function train(spec: string, options: TrainOptions): Promise<void> {
  if (options.steps === 0) throw new UsageError("--steps must be at least 1");
  if (options.device !== undefined && options.target !== "tfjs") throw new UsageError("--device chooses among the devices of the target tfjs");
  const own = compileRecipe(spec);
  const compiled = options.seed === undefined ? own : { ...own, manifest: { ...own.manifest, seed: options.seed } };
  const run = await (options.target === "webgpu" ? webgpuRun(compiled) : tfjsRun(compiled, options.device ?? "auto"));
  const interrupts = watchInterrupts();
  try {
    const summary = await run({
      folder: options.out ?? defaultRunFolder(compiled.manifest.name, options.resume === true),
      data: dataFolders(spec, options.data),
      resume: options.resume === true,
      json: options.json === true,
      signal: interrupts.signal,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
    });
    if (summary.interrupted) throw new Interrupted(String(interruptedExitCode));
  } finally {
    interrupts.dispose();
  }
}

type Run = (options: StartOptions) => Promise<Summary>;

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
async function webgpuRun(compiled: Compiled): Promise<Run> {
  const { describeAdapter } = await import("../runtime/webgpu/adapter.js");
  const { runTrainer } = await import("../runtime/webgpu/trainer.js");
  const { deviceOf } = await import("../target/webgpu/device.js");
  const { compileWebgpu } = await import("./webgpu.js");
  const trainer = compileWebgpu(compiled, deviceOf(await describeAdapter()));
  return (options) => runTrainer(trainer, options);
}
