/** `norm` with `--target webgpu` as a process, on a GPU in software. */

import { cpSync, existsSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadTrainer } from "../../src/runtime/webgpu/trainer.js";
import { describeOnGpu } from "../runtime/webgpu/on-gpu.js";
import { norm, scratch, smallSpec, stopped, withBrokenNorm } from "./norm.js";

const metrics = (run: string) => readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { readonly loss?: number });
const weights = (run: string) => readFileSync(join(run, "weights.safetensors"));
const target = ["--target", "webgpu"];

describeOnGpu("norm with --target webgpu", () => {
  test("trains to the same losses as the target tfjs, and goes on bit for bit after a stop", { timeout: 240_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const [whole, tfjs, later] = [join(folder, "whole"), join(folder, "tfjs"), join(folder, "later")];
    const args = ["train", spec, ...target, "--out"];
    const { code, stderr, stdout } = await norm([...args, whole, "--json"]);
    expect(stderr).toMatch(/^device webgpu on \S.*: subgroups of .*; \d+ kernels use /m);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trimEnd())).toMatchObject({ spec: "small.norm", device: expect.stringMatching(/^webgpu on /) as string, steps: 60 });
    expect((await norm(["train", spec, "--target", "tfjs", "--device", "wasm", "--out", tfjs])).code).toBe(0);
    // Later, what differs in rounding has grown: biases before a batch norm have no gradient but that.
    const first = (run: string) => metrics(run).slice(0, 8).map(({ loss }) => loss!);
    expect(first(whole)).toEqual(first(tfjs).map((loss) => expect.closeTo(loss, 2) as number));

    const { code: interrupted, stdout: told } = await stopped([...args, later], later, "SIGINT", 100);
    expect(interrupted).toBe(130);
    expect(told).toMatch(/Stopped after step \d+ of 60/);
    expect((await norm([...args, later, "--resume"])).code).toBe(0);
    expect(weights(later).equals(weights(whole))).toBe(true);
  });

  test("names the place of the first value that is not finite", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, withBrokenNorm);
    const { code, stderr } = await norm(["train", spec, ...target, "--out", join(folder, "run")]);
    expect(code).toBe(1);
    expect(stderr).toContain("training step 1 gave NaN or infinity: first in");
    expect(stderr).toContain("encoder.attention.before");
  });

  test("without a GPU says what is missing", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const { code, stderr } = await norm(["train", spec, ...target], { env: { VK_DRIVER_FILES: "/nowhere", VK_ICD_FILENAMES: "/nowhere" }, cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain("norm: WebGPU finds no GPU");
    expect(readdirSync(folder)).not.toContain("runs");
  });

  test("builds a trainer that starts without the compiler", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const out = join(folder, "trainer");
    expect((await norm(["build", smallSpec(folder), ...target, "--out", out])).code).toBe(0);
    // Far from the package: only its libraries are there.
    const elsewhere = join(scratch(), "trainer");
    cpSync(out, elsewhere, { recursive: true });
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(elsewhere, "node_modules"));
    const { code, stderr } = await norm(["--data", join(folder, "nowhere")], { script: join(elsewhere, "train.js"), cwd: elsewhere });
    expect(code).toBe(1);
    expect(stderr).toContain('small.norm:31:3: there is no "data"');
    const { plan, manifest } = await loadTrainer(elsewhere);
    expect(manifest).toMatchObject({ name: "small", target: "webgpu" });
    // What every GPU can do.
    expect({ features: plan.features, limits: plan.limits }).toEqual({ features: [], limits: {} });
    expect(manifest.cost.peakBytes).toBe(Object.values(plan.buffers).reduce((sum, bytes) => sum + bytes, 0));
  });
});

test("prints kernels", { timeout: 60_000 }, async () => {
  const { code, stdout } = await norm(["build", smallSpec(scratch()), "--emit", "kernels"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^kernels small \{\n {2}buffers slots \d+, inputs \d+, results \d+, arena \d+ bytes\n/);
  expect(stdout).toContain("@encoder.attention");
});

test("writes a page for browsers, and says what goes with it", { timeout: 60_000 }, async () => {
  const folder = scratch();
  const spec = smallSpec(folder);
  const page = join(folder, "page");
  const { code, stderr } = await norm(["build", spec, "--web", "--out", page]);
  expect(code).toBe(0);
  expect(stderr).toContain("serve it with any web server");
  expect(existsSync(join(page, "index.html"))).toBe(true);
  expect(JSON.parse(readFileSync(join(page, "manifest.json"), "utf8"))).toMatchObject({ name: "small", target: "web" });
  for (const args of [["--web"], ["--web", "--target", "webgpu", "--out", page], ["--web", "--emit", "ir"], ["--data", folder, "--out", page]]) {
    expect((await norm(["build", spec, ...args])).code, args.join(" ")).toBe(2);
  }
});

test("takes no device of another target", async () => {
  const { code, stderr } = await norm(["train", smallSpec(scratch()), ...target, "--device", "wasm"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--device wasm is a device of the target tfjs");
  expect(existsSync("runs/small")).toBe(false);
});
