/** Mixed precision where values are stored as float32: the same program, with its loss scaling. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { readSafetensors } from "../../../src/runtime/safetensors.js";
import { createEngine } from "../../../src/runtime/tfjs/engine.js";
import { importProgram, runTrainer } from "../../../src/runtime/tfjs/trainer.js";
import type { Batch, Engine } from "../../../src/runtime/trainer.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { tfjsManifest } from "../../../src/target/tfjs/manifest.js";
import { Recorder } from "../../runtime/toy.js";
import { openTestDevice, testDevices } from "./device.js";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "norm-mixed-"));
afterAll(() => rmSync(root, { recursive: true }));

async function compiled(text: string, recipe: string) {
  const { diagnostics, recipes } = compile("mixed.norm", text, fileHost(examples));
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  const { program, manifest } = recipes.get(recipe)!;
  const own = tfjsManifest(program, manifest);
  return { manifest: own, module: await importProgram(await emitTfjs(program, own)) };
}

describe("an example", () => {
  const text = `use "mnist-sepnorm.norm" { mnist }
train single = mnist with { steps 12 batch 32 }
train mixed = single with { precision mixed }
`;
  const trained = async (recipe: string) => {
    const folder = join(root, recipe);
    const output = new Recorder();
    const streams = { stdout: output, stderr: output };
    await runTrainer(await compiled(text, recipe), { folder, device: "wasm", data: [examples], searchFrom: [examples], ...streams });
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { loss?: number });
    const { tensors } = readSafetensors(join(folder, "checkpoint.safetensors"));
    return { output: output.text, losses: lines.flatMap(({ loss }) => loss ?? []), tensors };
  };

  it("trains as in single precision", { timeout: 60_000 }, async () => {
    const [single, mixed] = [await trained("single"), await trained("mixed")];
    expect(mixed.output).toContain("floats mixed precision (stored as float32 here)\n");
    expect(single.output).not.toContain("precision");
    expect(mixed.losses).toHaveLength(12);
    expect(mixed.losses.at(-1)).toBeLessThan(0.9 * mixed.losses[0]!);
    mixed.losses.forEach((loss, i) => expect(Math.abs(loss - single.losses[i]!)).toBeLessThan(1e-3));
    const added = [...mixed.tensors.keys()].filter((name) => !single.tensors.has(name));
    expect(added.map((name) => [name, [...mixed.tensors.get(name)!.data]])).toEqual([["loss_scale", [65536]], ["loss_scale.good_steps", [12]]]);
  });
});

const recipe = `
train run of model_ {
  data npy("nothing")
  optimizer sgd
  schedule constant(peak: 1e-3)
  batch 1
  steps 100
  precision mixed
}`;

describe.each(testDevices)("on %s", (choice) => {
  const started = async (text: string): Promise<Engine> => {
    const { manifest, module } = await compiled(text + recipe, "run");
    const { tf, name } = await openTestDevice(choice);
    const engine = createEngine(tf, name, module, manifest);
    await engine.initialise();
    return engine;
  };
  const batch = (...x: number[]): Batch => ({ inputs: new Map([["x", Float32Array.from(x)]]), valid: 1 });
  const scaleIn = async (engine: Engine) => [...(await engine.read()).get("loss_scale")!];

  it("a gradient that overflows skips the step, which counts as finite", async () => {
    const engine = await started(`
norm steep(x) {
  return x with gradient(dy) { return 1e34 * dy }
}
model model_() {
  input x[feature: 2]
  w = param[feature: 2] = 3
  loss sum(steep(w) * x)
}`);
    const before = (await engine.read()).get("w");
    expect(await engine.step(batch(0.75, 0), 0, 100)).toMatchObject({ finite: true, loss: 2.25 });
    expect(await scaleIn(engine)).toEqual([32768]);
    expect((await engine.read()).get("w")).toEqual(before);
    expect(await engine.step(batch(0.75, 0), 1, 100)).toMatchObject({ finite: true });
    expect(await scaleIn(engine)).toEqual([32768]);
    expect((await engine.read()).get("w")).not.toEqual(before);
    engine.dispose();
  });

  it("a gradient that is no number at any scale ends the run where it comes from", async () => {
    const engine = await started(`
model model_() {
  input x[feature: 2]
  w = param[feature: 2] = 1
  loss sum(sqrt(w * x))
}`);
    for (let step = 0; step < 16; step++) expect(await engine.step(batch(4, 0), step, 100)).toMatchObject({ finite: true, loss: 2 });
    expect(await scaleIn(engine)).toEqual([1]);
    expect(await engine.step(batch(4, 0), 16, 100)).toMatchObject({ finite: false, loss: 2 });
    expect(await engine.locate(batch(4, 0), 16, 100)).toMatchObject({ phase: "backward", source: "mixed.norm:5:12" });
    engine.dispose();
  });
});
