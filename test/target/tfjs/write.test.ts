/** Written trainers, run as a user runs them. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadTrainer } from "../../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { writeTrainer } from "../../../src/target/tfjs/write.js";
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
  compiled = join(work, "package", "dist");
  for (const folder of ["runtime", "random"]) await compile(join("src", folder));
  await cp("package.json", join(work, "package", "package.json"));
  const arrays = join(work, "data", "arrays");
  await mkdir(arrays, { recursive: true });
  const images = Float32Array.from({ length: 16 * 4 * 5 }, (_, i) => Math.sin(i * i));
  await writeFile(join(arrays, "image.npy"), npy("<f4", [16, 4, 5], new Uint8Array(images.buffer)));
  const labels = Int32Array.from({ length: 16 }, (_, i) => i % 3);
  await writeFile(join(arrays, "label.npy"), npy("<i4", [16], new Uint8Array(labels.buffer)));
}, 30_000);
afterAll(() => rm(work, { recursive: true }));

/** The runtime as `npm run build` compiles it, without waiting for the type checker. */
async function compile(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".ts")) continue;
    const source = join(entry.parentPath, entry.name);
    const { outputText } = ts.transpileModule(await readFile(source, "utf8"), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const target = join(compiled, relative("src", source).replace(/\.ts$/, ".js"));
    await mkdir(join(target, ".."), { recursive: true });
    await writeFile(target, outputText);
  }
}

function npy(type: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0]), length, Buffer.from(padded), data]);
}

const train = (folder: string, ...args: string[]) =>
  run(process.execPath, [join(folder, "train.js"), "--data", join(work, "data"), "--device", "wasm", ...args], { cwd: process.cwd() });

it("trains, stops, goes on and says what came out", async () => {
  const folder = join(work, "trainer");
  await writeTrainer(program, manifest, folder, compiled);
  expect((await readdir(folder)).toSorted()).toEqual(["README.md", "manifest.json", "package.json", "program.js", "random", "runtime", "train.js"]);
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
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
  const dependencies = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, Record<string, string>>;
  const known = new Set([...Object.keys(dependencies["dependencies"]!), ...Object.keys(dependencies["optionalDependencies"]!)]);
  for (const file of files) {
    const text = await readFile(join(folder, file), "utf8");
    for (const [, name] of text.matchAll(/^(?:import|export) [^"'`]*?from "([^"]+)"/gm)) {
      if (name!.startsWith("node:")) continue;
      if (name!.startsWith(".")) expect(existsSync(join(folder, file, "..", name!)), `${file}: ${name}`).toBe(true);
      else expect([...known], file).toContain(name);
    }
  }
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
