/** Writes a page that trains a model in the browser, on the GPU or the CPU: a folder of static files. */

import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBatches } from "../../runtime/batches.js";
import { openData } from "../../runtime/data/index.js";
import { RunError } from "../../runtime/errors.js";
import type { Manifest } from "../../runtime/trainer.js";
import type { Trainer as WasmTrainer } from "../../runtime/wasm/engine.js";
import type { StoredData } from "../../runtime/web/stored.js";
import type { Trainer as WebgpuTrainer } from "../../runtime/webgpu/trainer.js";
import { type GeneratedFolder, requireFree, writeFiles, writeGenerated } from "../folder.js";
import { packData, writeData } from "./data.js";
import { webManifest } from "./manifest.js";
import { moduleTexts } from "./modules.js";
import { pageText } from "./page.js";
import { readme } from "./readme.js";
import { styleText } from "./style.js";

const pageFolder: GeneratedFolder = {
  what: "a page of a trainer",
  marks: ["index.html", "plan.json"],
  contents: ["index.html", "style.css", "plan.json", "wasm", "manifest.json", "README.md", "data", "uplot", "runtime", "random", "ir"],
};

const script = "runtime/web/main.js";
/** Of a thread that computes: nothing imports it, and the page starts it. */
const threadScript = "runtime/wasm/worker.js";
/** What takes measures, loaded where a recipe has some. */
const measuresScript = "runtime/measures.js";
/** The chart's files, from its package; the licence wants to be with them. */
const chartFiles = ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"];

/** What a page holds of one recipe. */
export interface WebTrainer {
  /** For what every WebGPU device can do. */
  readonly webgpu: WebgpuTrainer;
  /** Its kernels are without relaxed SIMD. */
  readonly wasm: WasmTrainer;
  /** The same plan with kernels that use relaxed SIMD. */
  readonly relaxed: WasmTrainer;
}

/**
 * Writes the page of a recipe into `folder`: all of it, or nothing. A page that is there already is replaced, and what else its
 * folder holds is kept.
 * @param data folders in which the recipe's data may lie: the page gets a copy of all examples.
 * @param compiled the folder of the package's compiled JavaScript.
 * @throws RunError when the folder holds other things, or the package is not built; DataError when there is no data, or more
 * than a page can hold; SaveError when the page cannot be written.
 */
export async function writeWebTrainer(trainer: WebTrainer, folder: string, data: readonly string[], compiled = compiledFolder): Promise<void> {
  await requireFree(folder, pageFolder);
  if (!existsSync(join(compiled, script))) throw new RunError(`${compiled} holds no compiled runtime: run \`npm run build\` first`);
  const manifest = webManifest(trainer.webgpu.manifest, trainer.wasm.manifest);
  const { inputs, holdout, seed } = manifest;
  const set = await openData(manifest.data, inputs, { folders: data, holdout, seed });
  // What would keep it from training is told here, and not in the page.
  makeBatches(set, manifest);
  const packed = packData(set, manifest);
  const modules = await moduleTexts(compiled, [script, threadScript, ...(manifest.measures === undefined ? [] : [measuresScript])]);
  await writeGenerated(folder, pageFolder, async (temporary) => {
    const stored = await writeData(temporary, packed);
    await writeFiles(temporary, new Map([...modules, ...filesOf(trainer, manifest, stored)]));
    await copyChart(temporary);
  });
}

const compiledFolder = fileURLToPath(new URL("../../", import.meta.url));

function filesOf({ webgpu, wasm, relaxed }: WebTrainer, manifest: Manifest, data: StoredData): Map<string, string | Uint8Array> {
  return new Map<string, string | Uint8Array>([
    ["index.html", pageText(manifest, data)],
    ["style.css", styleText],
    ["plan.json", JSON.stringify(webgpu.plan)],
    ["wasm/plan.json", JSON.stringify(wasm.plan)],
    ["wasm/kernels.wasm", wasm.module],
    ["wasm/kernels-relaxed.wasm", relaxed.module],
    ["manifest.json", JSON.stringify(manifest)],
    ["data/index.json", JSON.stringify(data)],
    ["README.md", readme(manifest, data)],
  ]);
}

async function copyChart(folder: string): Promise<void> {
  const chart = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
  await mkdir(join(folder, "uplot"));
  for (const path of chartFiles) await copyFile(join(chart, path), join(folder, "uplot", path.replace("dist/", "")));
}
