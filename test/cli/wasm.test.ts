/** `norm` with `--target wasm`, which it takes by itself where there is no GPU, as a process. */

import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { describeAdapter } from "../../src/runtime/webgpu/adapter.js";
import { enableRelaxedSimd } from "../../src/runtime/wasm/node-features.js";
import { assemble } from "../../src/target/wasm/assemble.js";
import { describeOnGpu, onHardware } from "../runtime/webgpu/on-gpu.js";
import { norm, scratch, smallSpec, stopped, withBrokenNorm } from "./norm.js";

const metrics = (run: string) => readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { readonly loss?: number });
const losses = (run: string) => metrics(run).flatMap(({ loss }) => loss ?? []);
const weights = (run: string) => readFileSync(join(run, "weights.safetensors"));
const lengthened = (text: string) => text.replace("steps 60", "steps 600");
const target = ["--target", "wasm"];

describe("norm train --target wasm", () => {
  test("trains to the same losses as the target tfjs", { timeout: 120_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const [wasm, tfjs] = [join(folder, "wasm"), join(folder, "tfjs")];
    const { code, stderr, stdout } = await norm(["train", spec, ...target, "--json", "--out", wasm]);
    expect(stderr).toMatch(/^device wasm \(SIMD.*\) on \d+ threads?\n/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spec: "small.norm", device: expect.stringMatching(/^wasm \(SIMD/) as string, steps: 60 });
    expect((await norm(["train", spec, "--target", "tfjs", "--device", "wasm", "--out", tfjs])).code).toBe(0);
    expect(losses(wasm)).toHaveLength(60);
    expect(losses(wasm)).toEqual(losses(tfjs).map((loss) => expect.closeTo(loss, 4) as number));
  });

  test("goes on bit for bit after a stop, also on another number of threads", { timeout: 120_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, lengthened);
    const [whole, later] = [join(folder, "whole"), join(folder, "later")];
    expect((await norm(["train", spec, ...target, "--threads", "1", "--out", whole])).code).toBe(0);
    const { code, stdout } = await stopped(["train", spec, ...target, "--threads", "2", "--out", later], later, "SIGINT", 0);
    expect(code).toBe(130);
    expect(stdout).toMatch(/Stopped after step \d+ of 600/);
    // `--threads` alone asks for this target.
    const resumed = await norm(["train", spec, "--threads", "3", "--out", later, "--resume"]);
    expect(resumed.stderr).toMatch(/^device wasm .* on 3 threads\n$/);
    expect(resumed.code).toBe(0);
    expect(losses(later)).toEqual(losses(whole));
    expect(weights(later).equals(weights(whole))).toBe(true);
  });

  test("names the operation and the place of the first value that is not finite", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const { code, stderr } = await norm(["train", smallSpec(folder, withBrokenNorm), ...target, "--out", join(folder, "run")]);
    expect(code).toBe(1);
    expect(stderr).toContain("norm: training step 1 gave NaN or infinity: first in rsqrt of the forward phase, at encoder.attention.before.tokens (");
    expect(stderr).toMatch(/small\.norm:\d+:\d+\)\. There is no checkpoint yet\.\n$/);
  });

  test("keeps the checkpoint when a later value is not finite", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const failing = "\nschedule failing(step, steps, peak) { return peak / max(500 - step, 0) }\n";
    const spec = smallSpec(folder, (text) => lengthened(text).replace("cosine(peak: 3e-3, warmup: 10%)", "failing(peak: 3e-3)").concat(failing));
    const run = join(folder, "run");
    const args = ["train", spec, ...target, "--out", run];
    const saved = /Stopped after step (\d+)/.exec((await stopped(args, run, "SIGINT", 0)).stdout)![1]!;
    const checkpoint = () => readFileSync(join(run, "checkpoint.safetensors"));
    const before = checkpoint();
    const { code, stderr } = await norm([...args, "--resume"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/norm: training step 501 gave NaN or infinity: first in div of the update phase, at schedule \(\S*small\.norm:\d+:\d+\)/);
    expect(stderr).toContain(`The checkpoint after step ${saved} is kept in ${run}.`);
    expect(checkpoint().equals(before)).toBe(true);
  });

  test("a model that 32-bit addresses do not reach is told, and leaves nothing behind", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, (text) => text.replace("dim = 16", "dim = 2400").replace("batch 32", "batch 9000"));
    for (const args of [["train", spec, ...target], ["build", spec, "--out", join(folder, "trainer")]]) {
      const { code, stderr } = await norm(args, { cwd: folder });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^norm: small cannot be computed by WebAssembly: it takes [\d.]+ GiB, and 32-bit addresses reach 4 GiB\. Take a smaller batch or model, or another target\n$/);
    }
    expect(readdirSync(folder).toSorted()).toEqual(["data", "small.norm"]);
  });

  test.each([
    ["--threads 0", "--threads must be at least 1"],
    ["--threads x", "It must be a whole number"],
    ["--threads 2 --target tfjs", "--threads is for the target wasm"],
    ["--threads 2 --target webgpu", "--threads is for the target wasm"],
    ["--device wasm", "--device wasm is a device of the target tfjs: give `--target tfjs` with it"],
    ["--device cpu --target wasm", "--device cpu is a device of the target tfjs"],
    ["--device cpu --threads 2", "--device cpu is a device of the target tfjs"],
  ])("%s is wrong use", async (args, message) => {
    const { code, stderr } = await norm(["train", "small.norm", ...args.split(" ")]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("norm train without a target", () => {
  /** The environment in which the process that asks for the GPU does this first. */
  function drivenBy(body: string): Readonly<Record<string, string>> {
    const file = join(scratch(), "driver.mjs");
    writeFileSync(file, `if (process.argv[1]?.endsWith("describe-gpu.js")) {\n${body}\n}\n`);
    return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
  }

  /** What a run of two steps says on the standard error. */
  async function told(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
    const folder = scratch();
    const { code, stderr } = await norm(["train", smallSpec(folder), "--steps", "2", ...args], { cwd: folder, env });
    expect(code, stderr).toBe(0);
    expect(existsSync(join(folder, "runs/small/weights.safetensors"))).toBe(true);
    return stderr;
  }

  const onCpu = (why: string) => new RegExp(String.raw`^target wasm: ${why}\ndevice wasm \(.*\) on \d+ threads?\n$`);
  const none = onCpu("WebGPU finds no GPU here \\(`--target webgpu` says why\\)");

  test.runIf(process.platform === "linux")("takes the CPU where no Vulkan works, and keeps what drivers print to itself", { timeout: 60_000 }, async () => {
    expect(await told({ VK_DRIVER_FILES: "/nowhere", VK_ICD_FILENAMES: "/nowhere" }, "--device", "auto")).toMatch(none);
  });

  test("takes the CPU where a driver prints and crashes", { timeout: 60_000 }, async () => {
    expect(await told(drivenBy('console.log("hello"); console.error("MESA: error"); process.kill(process.pid, "SIGKILL");'))).toMatch(none);
  });

  test("does not wait for a driver when the spec is wrong", { timeout: 60_000 }, async () => {
    const began = performance.now();
    const hanging = drivenBy("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);");
    const { code, stderr } = await norm(["train", smallSpec(scratch(), (text) => text.replace("loss cross_entropy", "loss entropy"))], { env: hanging });
    expect(code).toBe(1);
    expect(stderr).toContain("error[N0201]");
    // After 15 s it would be given up.
    expect(performance.now() - began).toBeLessThan(14_000);
  });

  describeOnGpu("with a GPU", () => {
    test.skipIf(onHardware)("takes the CPU where it plays the GPU, whatever the driver prints", { timeout: 60_000 }, async () => {
      expect(await told(drivenBy('console.log("{}");'))).toMatch(onCpu("WebGPU finds only a GPU that the CPU plays"));
    });

    test("takes the GPU, unless the model does not fit it", { timeout: 120_000 }, async () => {
      const gpu = { ...(await describeAdapter()), isSoftware: false };
      const saying = (description: object) => drivenBy(`process.send(${JSON.stringify(description)}, () => process.exit());\nawait new Promise(() => {});`);
      // Its data is looked for before its kernels are compiled, which takes a software GPU long.
      const withoutData = smallSpec(scratch(), (text) => text.replace("data/digits", "data/nothing"));
      expect((await norm(["train", withoutData], { env: saying(gpu) })).stderr).toMatch(/^target webgpu: there is a GPU\nnorm: .*data\/nothing/);
      const tiny = saying({ ...gpu, limits: { ...gpu.limits, maxStorageBufferBindingSize: 1000 } });
      expect(await told(tiny)).toMatch(onCpu("small cannot be computed by WebGPU there: .* this device binds at most 1000\\. The target wasm has wider limits"));
    });
  });
});

describe("norm build --target wasm", () => {
  test("prints a module that can be assembled, with the places of the model", { timeout: 60_000 }, async () => {
    const { code, stdout } = await norm(["build", smallSpec(scratch()), "--emit", "kernels", ...target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^;; kernels small \{\n/);
    // Of the kernel program, and of the module.
    expect(stdout).toMatch(/^;; .*@encoder\.attention\.before\.cls/m);
    expect(stdout).toMatch(/^\(func .*;; write @encoder\.attention\.before\.cls.* forward$/m);
    enableRelaxedSimd();
    const module = await WebAssembly.compile((await assemble(stdout)) as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.exports(module)).toEqual([{ name: "run", kind: "function" }]);
  });

  test("writes a trainer that says when its kernels are damaged", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const out = join(folder, "trainer");
    expect((await norm(["build", smallSpec(folder), "--out", out])).code).toBe(0);
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(out, "node_modules"));
    for (const name of ["kernels.wasm", "kernels-relaxed.wasm"]) writeFileSync(join(out, name), readFileSync(join(out, name)).subarray(0, 5000));
    const { code, stderr } = await norm(["--data", folder], { script: join(out, "train.js"), cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\S*kernels(-relaxed)?\.wasm: not a module of WebAssembly, or one for a newer version of Node\n$/);
  });
});
