/** Writes a page that trains a model in the browser, through WebGPU: a folder of static files. */

import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBatches } from "../../runtime/batches.js";
import { openData } from "../../runtime/data/index.js";
import { RunError } from "../../runtime/errors.js";
import { formatBytes } from "../../runtime/format.js";
import type { Manifest } from "../../runtime/trainer.js";
import { loadedBytes, type StoredData } from "../../runtime/web/stored.js";
import type { Plan } from "../../runtime/webgpu/plan.js";
import { type GeneratedFolder, requireFree, writeFiles, writeGenerated } from "../folder.js";
import { packData, writeData } from "./web/data.js";
import { moduleTexts } from "./web/modules.js";
import { pageText } from "./web/page.js";
import { styleText } from "./web/style.js";

const pageFolder: GeneratedFolder = {
  what: "a page of a trainer",
  marks: ["index.html", "plan.json"],
  contents: ["index.html", "style.css", "plan.json", "manifest.json", "README.md", "data", "uplot", "runtime", "random"],
};

const script = "runtime/web/main.js";
/** The chart's files, from its package; the licence wants to be with them. */
const chartFiles = ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"];

/**
 * Writes the page of a plan into `folder`: all of it, or nothing. A page that is there already is replaced, and what else its
 * folder holds is kept.
 * @param data folders in which the recipe's data may lie: the page gets a copy of all examples.
 * @param compiled the folder of the package's compiled JavaScript.
 * @throws RunError when the folder holds other things, or the package is not built; DataError when there is no data, or more
 * than a page can hold; SaveError when the page cannot be written.
 */
export async function writeWebTrainer(plan: Plan, manifest: Manifest, folder: string, data: readonly string[], compiled = compiledFolder): Promise<void> {
  await requireFree(folder, pageFolder);
  if (!existsSync(join(compiled, script))) throw new RunError(`${compiled} holds no compiled runtime: run \`npm run build\` first`);
  const { inputs, holdout, seed } = manifest;
  const set = await openData(manifest.data, inputs, { folders: data, holdout, seed });
  // What would keep it from training is told here, and not in the page.
  makeBatches(set, manifest);
  const packed = packData(set, manifest);
  const modules = await moduleTexts(compiled, script);
  await writeGenerated(folder, pageFolder, async (temporary) => {
    const stored = await writeData(temporary, packed);
    await writeFiles(temporary, new Map([...modules, ...textsOf(plan, manifest, stored)]));
    await copyChart(temporary);
  });
}

const compiledFolder = fileURLToPath(new URL("../../", import.meta.url));

function textsOf(plan: Plan, manifest: Manifest, data: StoredData): Map<string, string> {
  return new Map([
    ["index.html", pageText(manifest, data)],
    ["style.css", styleText],
    ["plan.json", JSON.stringify(plan)],
    ["manifest.json", JSON.stringify(manifest)],
    ["data/index.json", JSON.stringify(data)],
    ["README.md", readme(manifest, data)],
  ]);
}

function readme({ name, spec, data: source }: Manifest, data: StoredData): string {
  return `# ${name}

A page that trains the model of \`${spec}\` in the browser, through WebGPU; compiled by Norm.

These files are all of it: publish the folder with any web server, at any path. Browsers give WebGPU to pages that come by
https, or from localhost. To try it here:

\`\`\`sh
npx serve
\`\`\`

- \`data/\` holds the examples that \`${source.loader}\` gave when the page was built (${formatBytes(loadedBytes(data))}): whoever opens the page loads them.
- \`plan.json\` holds the kernels, in WGSL, and the order in which they run, for what every WebGPU device can do.
- \`manifest.json\` lists parameters, states, inputs and the recipe.
- \`runtime/\` and \`random/\` are the page's scripts, \`uplot/\` draws its curve (MIT licence).
`;
}

async function copyChart(folder: string): Promise<void> {
  const chart = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
  await mkdir(join(folder, "uplot"));
  for (const path of chartFiles) await copyFile(join(chart, path), join(folder, "uplot", path.replace("dist/", "")));
}
