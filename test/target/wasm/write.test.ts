/** Written WebAssembly trainers, run as a user runs them. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTrainer } from "../../../src/runtime/wasm/trainer.js";
import { writeTrainer as writeTfjsTrainer } from "../../../src/target/tfjs/write.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { wasmManifest } from "../../../src/target/wasm/manifest.js";
import { kernelsOf, writeTrainer } from "../../../src/target/wasm/write.js";
import { writeTrainer as writeWebgpuTrainer } from "../../../src/target/webgpu/write.js";
import { regressionManifest, regressionPlan } from "../../runtime/webgpu/regression.js";
import { manifestOf, visionTransformer } from "../tfjs/model.js";
import { compileRuntime, danglingImports, writeArrays } from "../trainers.js";

const run = promisify(execFile);
const sizes = { batch: 4, patches: 4, pixels: 5, dim: 8, depth: 1, heads: 2, classes: 3 };
const program = visionTransformer(sizes);
const recipe = {
  ...manifestOf(program, sizes.batch),
  data: { loader: "npy", arguments: [{ value: "arrays" }], place: "test.norm:1:1" },
  holdout: 0.25,
};
const kernels = kernelsOf(program);
const manifest = wasmManifest(kernels.plan, recipe, 1);
const own = ["README.md", "ir", "kernels-relaxed.wasm", "kernels.wasm", "kernels.wat", "manifest.json", "package.json", "plan.json", "random", "runtime", "train.js"];
let work: string;
let compiled: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "norm-trainer-"));
  compiled = await compileRuntime(join(work, "package"));
  await writeArrays(join(work, "data", "arrays"), {
    image: { shape: [16, 4, 5], values: Float32Array.from({ length: 16 * 4 * 5 }, (_, i) => Math.sin(i * i)) },
    label: { shape: [16], values: Int32Array.from({ length: 16 }, (_, i) => i % 3) },
  });
}, 30_000);
afterAll(() => rm(work, { recursive: true }));

const contents = async (folder: string) => (await readdir(folder)).toSorted();

test("a trainer is the same after it was written and loaded, and its files can be read by people", async () => {
  const folder = join(work, "loaded");
  await writeTrainer(kernels, manifest, folder, compiled);
  expect(await contents(folder)).toEqual(own);
  const { module, ...loaded } = await loadTrainer(folder);
  expect(loaded).toEqual({ plan: kernels.plan, manifest, usesRelaxed: true });
  expect(Buffer.from(module).equals(await assemble(kernels.relaxedText))).toBe(true);
  expect((await readFile(join(folder, "kernels.wasm"))).equals(await assemble(kernels.text))).toBe(true);
  expect(await readFile(join(folder, "kernels.wat"), "utf8")).toBe(kernels.text);
  const lines = (await readFile(join(folder, "plan.json"), "utf8")).split("\n");
  expect(lines.length).toBeGreaterThan(40);
  const { name, type, offset, elements } = kernels.plan.slots[0]!;
  expect(lines).toContain(`    {"name":"${name}","type":"${type}","offset":${offset},"elements":${elements}},`);
  const readme = await readFile(join(folder, "README.md"), "utf8");
  expect(readme).toContain("It computes on the CPU, in WebAssembly");
  for (const file of own.filter((one) => /^(kernels|plan|manifest)/.test(one))) expect(readme).toContain(`\`${file}\``);
});

test("contains no compiler and no other target, and imports nothing else than it has and names", async () => {
  const folder = join(work, "loaded");
  expect(await danglingImports(folder)).toEqual([]);
  expect((await readdir(join(folder, "runtime"))).filter((name) => !name.includes("."))).toEqual(["data", "imports", "wasm"]);
  expect(Object.keys((JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { dependencies: object }).dependencies)).toEqual(["picocolors"]);
});

test("takes the place of another target's trainer, gives it up again, and keeps what else is there", async () => {
  const folder = join(work, "replaced");
  await writeTfjsTrainer(program, recipe, folder, compiled);
  await writeFile(join(folder, "notes.txt"), "mine");
  const isOurs = async () => {
    expect(await contents(folder)).toEqual([...own, "notes.txt"].toSorted());
    expect((await readdir(join(folder, "runtime"))).filter((name) => !name.includes("."))).toEqual(["data", "imports", "wasm"]);
    expect((await loadTrainer(folder)).manifest).toEqual(manifest);
  };
  await writeTrainer(kernels, manifest, folder, compiled);
  await isOurs();
  await writeWebgpuTrainer(regressionPlan(), regressionManifest, folder, compiled);
  expect((await readdir(folder)).filter((name) => /\.wa(t|sm)$/.test(name))).toEqual([]);
  await writeTrainer(kernels, manifest, folder, compiled);
  await isOurs();
  expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
});

test("writes all or nothing, and never touches other folders", async () => {
  const folder = join(work, "whole");
  await writeTrainer(kernels, manifest, folder, compiled);
  const other = wasmManifest(kernels.plan, { ...recipe, seed: 8 }, 1);
  await expect(writeTrainer({ ...kernels, relaxedText: "(module" }, other, folder, compiled)).rejects.toThrow("kernels.wat");
  await expect(writeTrainer(kernels, other, folder, join(work, "nowhere"))).rejects.toThrow("npm run build");
  expect((await loadTrainer(folder)).manifest.seed).toBe(recipe.seed);
  expect(await contents(folder)).toEqual(own);
  await expect(writeTrainer(kernels, manifest, join(work, "data"), compiled)).rejects.toThrow("holds other things than a trainer");
  expect(await readdir(join(work, "data"))).toEqual(["arrays"]);
  expect((await readdir(work)).filter((name) => name.startsWith("."))).toEqual([]);
});

test("trains and says what came out", { timeout: 60_000 }, async () => {
  const folder = join(work, "trainer");
  await writeTrainer(kernels, manifest, folder, compiled);
  const train = (...args: string[]) => run(process.execPath, [join(folder, "train.js"), "--data", join(work, "data"), ...args], { cwd: process.cwd() });
  const { stdout, stderr } = await train("--json", "--out", join(work, "run"), "--steps", "5", "--threads", "2");
  expect(stderr).toMatch(/^device wasm \(SIMD.*\) on 2 threads\n/);
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!) as { measures: object; device: string };
  expect(summary).toMatchObject({ steps: 5, interrupted: false, spec: "test.norm" });
  expect(Object.keys(summary.measures)).toEqual(["loss", "accuracy"]);
  expect(stderr).toContain(`device ${summary.device} on`);
  expect(existsSync(join(work, "run", "weights.safetensors"))).toBe(true);
  await expect(train("--out", join(work, "run"))).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("already holds a run") as string });
  await expect(train("--device", "cpu")).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("takes no --device") as string });
  await expect(train("--threads", "none")).rejects.toMatchObject({ code: 2 });
});
