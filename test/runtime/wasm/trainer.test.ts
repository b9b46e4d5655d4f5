/** A trainer's folder, from its files to a run, and its command line. */

import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { hasRelaxedSimd } from "../../../src/runtime/wasm/features.js";
import { enableRelaxedSimd } from "../../../src/runtime/wasm/node-features.js";
import { loadTrainer, runTrainer } from "../../../src/runtime/wasm/trainer.js";
import { newFolder, npy, range, write } from "../data/fixtures.js";
import { size, tinyManifest, tinyModule, tinyPlan } from "./tiny.js";

const compiled = (path: string) => pathToFileURL(join(import.meta.dirname, "../../../dist/runtime", path)).href;
let module: Uint8Array;
let files: Record<string, string | Uint8Array>;
beforeAll(async () => {
  module = await tinyModule();
  files = {
    "manifest.json": JSON.stringify(tinyManifest),
    "plan.json": JSON.stringify(tinyPlan),
    "kernels.wasm": module,
    "kernels-relaxed.wasm": module,
    "targets.npy": npy("<f4", "f32", [10, size], range(10 * size, (i) => i % 7)),
    "train.js": `import { main } from ${JSON.stringify(compiled("wasm/command.js"))};\nprocess.exitCode = await main(import.meta.dirname);\n`,
  };
});

test("Node has relaxed SIMD once it is asked to", () => {
  const script = `
    const { hasRelaxedSimd } = await import(${JSON.stringify(compiled("wasm/features.js"))});
    const { enableRelaxedSimd } = await import(${JSON.stringify(compiled("wasm/node-features.js"))});
    console.log(hasRelaxedSimd(), enableRelaxedSimd(), hasRelaxedSimd());`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const hasAtFirst = Number(process.versions.node.split(".")[0]) > 20;
  expect(stdout + stderr).toBe(`${hasAtFirst} true true\n`);
});

test("loads the kernels that fit this machine's Node", async () => {
  const folder = await newFolder();
  await write(folder, { ...files, "kernels.wasm": "other" });
  const trainer = await loadTrainer(folder);
  expect(trainer.usesRelaxed).toBe(enableRelaxedSimd());
  expect(hasRelaxedSimd()).toBe(true);
  expect(new Uint8Array(trainer.module)).toEqual(new Uint8Array(module));
  expect([trainer.manifest, trainer.plan]).toEqual([tinyManifest, tinyPlan]);
});

test("tells which file is missing or damaged", async () => {
  const folder = await newFolder();
  await write(folder, { "manifest.json": "{}", "plan.json": JSON.stringify(tinyPlan) });
  await expect(loadTrainer(folder)).rejects.toThrow(/^cannot read .*kernels-relaxed\.wasm: /);
  await write(folder, { "kernels-relaxed.wasm": module.subarray(0, module.length - 1) });
  await expect(loadTrainer(folder)).rejects.toMatchObject({ name: "FormatError", message: expect.stringMatching(/kernels-relaxed\.wasm: not a module/) });
  await write(folder, { ...files, "plan.json": '{"shaders": []}' });
  await expect(loadTrainer(folder)).rejects.toThrow(/plan\.json: not a plan: /);
});

test("trains on as many threads as the machine runs, or as it is told", async () => {
  const folder = await newFolder();
  await write(folder, files);
  const trainer = await loadTrainer(folder);
  const run = async (name: string, threads?: number) => {
    let printed = "";
    const stderr = { write: (text: string) => void (printed += text) };
    const summary = await runTrainer(trainer, { data: [folder], folder: join(folder, name), json: true, stdout: { write: () => undefined }, stderr, ...(threads === undefined ? {} : { threads }) });
    return { summary, printed, weights: readFileSync(join(folder, name, "weights.safetensors"), "hex") };
  };
  const [machine, one] = [await run("machine"), await run("one", 1)];
  expect(one.printed).toContain("device wasm (SIMD, fused multiply-add) on 1 thread\n");
  expect(machine.printed).toContain(`on ${Math.min(16, availableParallelism())} thread`);
  expect(one.summary).toMatchObject({ steps: 20, interrupted: false });
  expect(machine.weights).toBe(one.weights);
});

test("`node train.js` takes --threads", async () => {
  const folder = await newFolder();
  await write(folder, files);
  const train = (...args: string[]) => promisify(execFile)(process.execPath, ["train.js", ...args], { cwd: folder });
  const { stderr, stdout } = await train("--threads", "2", "--steps", "5", "--json", "--out", "run");
  expect(stderr).toContain("device wasm (SIMD, fused multiply-add) on 2 threads\n");
  expect(JSON.parse(stdout)).toMatchObject({ steps: 5 });
  expect(existsSync(join(folder, "run", "weights.safetensors"))).toBe(true);
  expect((await train("--help")).stdout).toContain("--threads N ");
  for (const wrong of ["0", "1.5", "many"]) {
    await expect(train("--threads", wrong)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(`--threads takes a whole number above 0, not ${wrong}`) as string });
  }
  await write(folder, { "train.js": String(files["train.js"]).replace("/wasm/", "/webgpu/") });
  await expect(train("--threads", "2")).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("this trainer takes no --threads") as string });
  expect((await train("--help")).stdout).not.toContain("--threads");
});
