/** `norm train` as a process: its summary, and that it goes on bit for bit after any kind of stop. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { norm, scratch, smallSpec, start } from "./norm.js";

const weights = (folder: string) => readFileSync(join(folder, "weights.safetensors"));

/** Kills once the run is under way, `after` milliseconds later. */
async function killed(args: readonly string[], folder: string, after: number, signal: NodeJS.Signals) {
  const { child, ended } = start(args);
  while (child.exitCode === null && !existsSync(join(folder, "metrics.jsonl"))) await sleep(10);
  await sleep(after);
  child.kill(signal);
  return ended;
}

describe("norm train", () => {
  test("prints the summary as the last line, and gives the same bits for the same spec and seed", { timeout: 120_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const { code, stdout, stderr } = await norm(["train", spec, "--device", "wasm", "--json", "--out", first]);
    expect(stderr).toContain("tfjs on wasm");
    expect(code).toBe(0);
    const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
    expect(summary).toMatchObject({ spec: "small.norm", device: expect.stringContaining("wasm"), seed: 3, steps: 60, folder: first });
    expect(Object.keys(summary["measures"] as object)).toContain("accuracy");
    expect((await norm(["train", spec, "--device", "wasm", "--out", second])).code).toBe(0);
    expect(weights(second).equals(weights(first))).toBe(true);

    // Killed three times at different moments, then left to finish.
    const third = join(folder, "third");
    const args = ["train", spec, "--device", "wasm", "--out", third];
    await killed(args, third, 50, "SIGKILL");
    for (const after of [120, 400]) await killed([...args, "--resume"], third, after, "SIGKILL");
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
    const stopped = await killed(["train", spec, "--device", "wasm", "--out", run], run, 300, "SIGINT");
    expect(stopped.code).toBe(130);
    expect(existsSync(join(run, "weights.safetensors"))).toBe(true);
  });

  test("names the operation and the site of the first value that is not finite", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder, (text) => text.replace("tokens: layer\n", "tokens: broken\n").concat("\nnorm broken(x) {\n  param scale[feature] = 1\n  return x * scale * rsqrt(mean(x over feature) * 0)\n}\n"));
    const { code, stderr } = await norm(["train", spec, "--device", "wasm", "--out", join(folder, "run")]);
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
