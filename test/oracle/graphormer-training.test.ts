/** The example learns: a smaller model for a few dozen steps. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { importProgram, runTrainer } from "../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../src/target/tfjs/emit.js";
import { tfjsManifest } from "../../src/target/tfjs/manifest.js";
import { compiledRun } from "./example-recipes.js";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const steps = 80;
/** The mean absolute error of predicting the median of the Wiener indices. */
const medianError = 190;

test("unseen molecules are predicted better than by any constant", { timeout: 120_000 }, async () => {
  const made = compiledRun(`
    use "graph-molecules.norm" { wiener }
    train run = wiener with {
      dim = 16
      depth = 2
      schedule cosine(peak: 1e-2, warmup: 5%)
      batch 16
      steps ${steps}
    }`);
  const manifest = tfjsManifest(made.program, made.manifest);
  const module = await importProgram(await emitTfjs(made.program, manifest));
  const folder = mkdtempSync(join(tmpdir(), "norm-molecules-"));
  try {
    const run = join(folder, "run");
    const summary = await runTrainer({ manifest, module }, { folder: run, device: "wasm", data: [examples], steps, searchFrom: [examples], quiet: true });
    const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const losses = lines.filter((line) => "step" in line && "rate" in line).map((line) => line["loss"] as number);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(losses).toHaveLength(steps);
    expect(mean(losses.slice(-10))).toBeLessThan(0.5 * mean(losses.slice(0, 5)));
    expect(summary.measures["absolute_error"]).toBeLessThan(0.5 * medianError);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
