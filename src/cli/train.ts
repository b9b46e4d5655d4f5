/** `norm train`: from a spec to weights, by the same program that `norm build` writes. */

import { interruptedExitCode, watchInterrupts } from "../runtime/interrupts.js";
import { defaultRunFolder } from "../runtime/run-folder.js";
import type { DeviceChoice } from "../runtime/tfjs/devices.js";
import { importProgram, runTrainer } from "../runtime/tfjs/trainer.js";
import { emitTfjs } from "../target/tfjs/emit.js";
import { tfjsManifest } from "../target/tfjs/manifest.js";
import { fileURLToPath } from "node:url";
import { folderOfSpec } from "../compiler/host.js";
import { compileRecipe } from "./build.js";
import { Interrupted, UsageError } from "./exit.js";
import { parseSpecName } from "./spec.js";

export interface TrainOptions {
  readonly device: DeviceChoice;
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
  const { program, manifest: compiled } = compileRecipe(spec);
  const own = tfjsManifest(program, compiled);
  const manifest = options.seed === undefined ? own : { ...own, seed: options.seed };
  const module = await importProgram(await emitTfjs(program, manifest));
  const interrupts = watchInterrupts();
  try {
    const summary = await runTrainer(
      { manifest, module },
      {
        folder: options.out ?? defaultRunFolder(manifest.name, options.resume === true),
        device: options.device,
        data: [folderOfSpec(parseSpecName(spec).file), ...(options.data === undefined ? [] : [options.data])],
        searchFrom: [process.cwd(), fileURLToPath(new URL("../../", import.meta.url))],
        resume: options.resume === true,
        json: options.json === true,
        signal: interrupts.signal,
        ...(options.steps === undefined ? {} : { steps: options.steps }),
      },
    );
    if (summary.interrupted) throw new Interrupted(String(interruptedExitCode));
  } finally {
    interrupts.dispose();
  }
}
