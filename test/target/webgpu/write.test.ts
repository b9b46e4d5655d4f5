/** Written WebGPU trainers, run as a user runs them. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FormatError } from "../../../src/runtime/errors.js";
import { loadTrainer } from "../../../src/runtime/webgpu/trainer.js";
import { writeTrainer as writeTfjsTrainer } from "../../../src/target/tfjs/write.js";
import { planFiles, writeTrainer } from "../../../src/target/webgpu/write.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { batch, regressionBatch, regressionManifest as manifest, regressionPlan } from "../../runtime/webgpu/regression.js";
import { manifestOf, visionTransformer } from "../tfjs/model.js";
import { compileRuntime, danglingImports, writeArrays } from "../trainers.js";

const run = promisify(execFile);
const plan = regressionPlan();
let work: string;
let compiled: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "norm-trainer-"));
  compiled = await compileRuntime(join(work, "package"));
  const batches = Array.from({ length: 32 }, (_, i) => regressionBatch(i).inputs);
  const joined = (name: string) => Float32Array.from(batches.flatMap((inputs) => [...inputs.get(name)!]));
  await writeArrays(join(work, "data", "arrays"), { x: { shape: [32 * batch, 2], values: joined("x") }, y: { shape: [32 * batch], values: joined("y") } });
}, 30_000);
afterAll(() => rm(work, { recursive: true }));

test("a plan is the same after it was written and loaded, and its files can be read by people", async () => {
  const folder = join(work, "loaded");
  await writeTrainer(plan, manifest, folder, compiled);
  expect(await loadTrainer(folder)).toEqual({ plan, manifest });
  expect((await readdir(folder)).toSorted()).toEqual(["README.md", "ir", "kernels", "manifest.json", "package.json", "plan.json", "random", "runtime", "train.js"]);
  expect(await readdir(join(folder, "kernels"))).toEqual(plan.shaders.map((_, i) => `${i}.wgsl`));
  expect(await readFile(join(folder, "kernels", "1.wgsl"), "utf8")).toBe(plan.shaders[1]);
  const lines = (await readFile(join(folder, "plan.json"), "utf8")).split("\n");
  expect(lines.length).toBeGreaterThan(40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(170);
  expect(lines).toContain('    {"name":"weight","type":"f32","offset":0,"elements":2},');
  expect([...planFiles({ ...plan, shaders: Array.from({ length: 11 }, () => "") }).keys()].slice(1, 3)).toEqual(["kernels/00.wgsl", "kernels/01.wgsl"]);
});

test("contains no compiler and no other target, and imports nothing else than it has and names", async () => {
  const folder = join(work, "loaded");
  expect(await danglingImports(folder)).toEqual([]);
  expect((await readdir(join(folder, "runtime"))).filter((name) => !name.includes("."))).toEqual(["data", "imports", "webgpu"]);
  expect(Object.keys((JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { dependencies: object }).dependencies)).toEqual(["webgpu", "picocolors"]);
});

test("takes the place of another target's trainer", async () => {
  const folder = join(work, "replaced");
  const sizes = { batch: 4, patches: 4, pixels: 5, dim: 8, depth: 1, heads: 2, classes: 3 };
  const program = visionTransformer(sizes);
  await writeTfjsTrainer(program, manifestOf(program, sizes.batch), folder, compiled);
  await writeFile(join(folder, "notes.txt"), "mine");
  await writeTrainer(plan, manifest, folder, compiled);
  expect(existsSync(join(folder, "program.js"))).toBe(false);
  expect(await readdir(join(folder, "runtime"))).not.toContain("tfjs");
  expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
  expect((await loadTrainer(folder)).plan.shaders.length).toBe(9);
});

test("a folder with damage is told", async () => {
  const folder = join(work, "damaged");
  await writeTrainer(plan, manifest, folder, compiled);
  await rm(join(folder, "kernels", "3.wgsl"));
  await expect(loadTrainer(folder)).rejects.toThrow(`cannot read ${join(folder, "kernels", "3.wgsl")}`);
  for (const text of ["{", "null", '{"shaders":[1]}', '{"shaders":[]}']) {
    await writeFile(join(folder, "plan.json"), text);
    await expect(loadTrainer(folder), text).rejects.toThrow(FormatError);
  }
});

describeOnGpu("on a GPU", () => {
  test("trains, stops, goes on and says what came out", { timeout: 60_000 }, async () => {
    const folder = join(work, "trainer");
    await writeTrainer(plan, manifest, folder, compiled);
    const train = (...args: string[]) => run(process.execPath, [join(folder, "train.js"), "--data", join(work, "data"), ...args], { cwd: process.cwd() });
    const { stdout, stderr } = await train("--json", "--out", join(work, "run"), "--steps", "200");
    expect(stderr).toMatch(/^device webgpu on \S.*; 9 kernels use what every GPU has\n/);
    const summary = JSON.parse(stdout.trim().split("\n").at(-1)!) as { measures: Record<string, number>; device: string };
    expect(summary).toMatchObject({ steps: 200, interrupted: false, spec: "regression.norm" });
    expect(summary.measures["loss"]).toBeLessThan(0.01);
    expect(stderr).toContain(`device ${summary.device};`);
    expect(existsSync(join(work, "run", "weights.safetensors"))).toBe(true);
    await expect(train("--out", join(work, "run"))).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("already holds a run") as string });
    await expect(train("--device", "gpu")).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("takes no --device") as string });
    const { stdout: help } = await train("--help");
    expect(help).toContain("--resume");
    expect(help).not.toContain("--device");
  });
});
