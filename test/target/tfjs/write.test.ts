/** Written trainers, run as a user runs them. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadTrainer } from "../../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { writeTrainer } from "../../../src/target/tfjs/write.js";
import { compileRuntime, danglingImports, writeArrays } from "../trainers.js";
import { manifestOf, visionTransformer } from "./model.js";

const run = promisify(execFile);
const sizes = { batch: 4, patches: 4, pixels: 5, dim: 8, depth: 1, heads: 2, classes: 3 };
const program = visionTransformer(sizes);
const manifest = {
  ...manifestOf(program, sizes.batch),
  data: { loader: "npy", arguments: [{ value: "arrays" }], place: "test.norm:1:1" },
  holdout: 0.25,
};

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

const train = (folder: string, ...args: string[]) =>
  run(process.execPath, [join(folder, "train.js"), "--data", join(work, "data"), "--device", "wasm", ...args], { cwd: process.cwd() });

it("trains, stops, goes on and says what came out", async () => {
  const folder = join(work, "trainer");
  await writeTrainer(program, manifest, folder, compiled);
  expect((await readdir(folder)).toSorted()).toEqual(["README.md", "ir", "manifest.json", "package.json", "program.js", "random", "runtime", "train.js"]);
  const { stdout } = await train(folder, "--json", "--out", join(work, "run"), "--steps", "5");
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!) as { steps: number; measures: object };
  expect(summary).toMatchObject({ steps: 5, interrupted: false, spec: "test.norm" });
  expect(Object.keys(summary.measures)).toEqual(["loss", "accuracy"]);
  expect(existsSync(join(work, "run", "weights.safetensors"))).toBe(true);
  await expect(train(folder, "--out", join(work, "run"))).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("already holds a run") as string });
  await expect(train(folder, "--steps", "none")).rejects.toMatchObject({ code: 2 });
}, 30_000);

it("contains no compiler, and imports nothing else than it has and names", async () => {
  const folder = join(work, "trainer");
  expect(await danglingImports(folder)).toEqual([]);
  expect((await readdir(join(folder, "runtime"))).filter((name) => !name.includes("."))).toEqual(["data", "imports", "tfjs"]);
}, 30_000);

it("replaces a trainer, keeps what else is there, and never touches other folders", async () => {
  const folder = join(work, "again");
  await writeTrainer(program, manifest, folder, compiled);
  await writeFile(join(folder, "notes.txt"), "mine");
  await writeTrainer(program, { ...manifest, seed: 8 }, folder, compiled);
  expect((await loadTrainer(folder)).manifest.seed).toBe(8);
  expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
  expect(await readFile(join(folder, "program.js"), "utf8")).toBe(await emitTfjs(program, manifest));
  const other = join(work, "data");
  await expect(writeTrainer(program, manifest, other, compiled)).rejects.toThrow("holds other things than a trainer");
  await expect(writeTrainer(program, manifest, join(work, "new"), join(work, "nowhere"))).rejects.toThrow("npm run build");
  expect((await readdir(work)).filter((name) => name.startsWith("."))).toEqual([]);
  await expect(loadTrainer(other)).rejects.toThrow("cannot read");
}, 30_000);
