/** `norm train` as a process: its summary, and that it goes on bit for bit after any kind of stop. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { norm, scratch, smallSpec, stopped, withBrokenNorm } from "./norm.js";

const weights = (folder: string) => readFileSync(join(folder, "weights.safetensors"));
/** The slowest target: its runs last long enough to be stopped. */
const target = ["--target", "tfjs", "--device", "wasm"];

describe("norm train", () => {
  test("prints the summary as the last line, and gives the same bits for the same spec and seed", { timeout: 120_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const { code, stdout, stderr } = await norm(["train", spec, ...target, "--json", "--out", first]);
    expect(stderr).toContain("tfjs on wasm");
    expect(code).toBe(0);
    const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
    expect(summary).toMatchObject({ spec: "small.norm", device: expect.stringContaining("wasm"), seed: 3, steps: 60, folder: first });
    expect(Object.keys(summary["measures"] as object)).toContain("accuracy");
    expect((await norm(["train", spec, ...target, "--out", second])).code).toBe(0);
    expect(weights(second).equals(weights(first))).toBe(true);

    // Killed three times at different moments, then left to finish.
    const third = join(folder, "third");
    const args = ["train", spec, ...target, "--out", third];
    await stopped(args, third, "SIGKILL", 50);
    for (const after of [120, 400]) await stopped([...args, "--resume"], third, "SIGKILL", after);
    expect((await norm([...args, "--resume"])).code).toBe(0);
    expect(weights(third).equals(weights(first))).toBe(true);
    expect(readdirSync(third).filter((name) => name.includes("tmp") || name.startsWith("."))).toEqual([]);

    // A new run never writes over an old one.
    const again = await norm(args);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("--resume");
  });

  test("saves and stops at an interrupt, and goes on from there", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, (text) => text.replace("steps 60", "steps 400"));
    const run = join(folder, "run");
    const { code } = await stopped(["train", spec, ...target, "--out", run], run, "SIGINT", 300);
    expect(code).toBe(130);
    expect(existsSync(join(run, "weights.safetensors"))).toBe(true);
  });

  test("names the operation and the site of the first value that is not finite", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, withBrokenNorm);
    const { code, stderr } = await norm(["train", spec, ...target, "--out", join(folder, "run")]);
    expect(code).toBe(1);
    expect(stderr).toContain("rsqrt");
    expect(stderr).toContain("encoder.attention.before.tokens");
    expect(stderr).toContain("small.norm:");
  });

  test("says what is wrong with data and devices in one line", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, (text) => text.replace("data/digits", "data/nothing"));
    const missing = await norm(["train", spec]);
    expect(missing.code).toBe(1);
    expect(missing.stderr.trim().split("\n").at(-1)).toContain("data/nothing");
    expect((await norm(["train", spec, "--device", "toaster"])).code).toBe(2);
  });
});
