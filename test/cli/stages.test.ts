/** `norm train` and written trainers with recipes that begin with others: what is trained, in which order, from which values. */

import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/runtime/safetensors.js";
import { norm, scratch, smallSpec, stopped } from "./norm.js";

const wasm = ["--target", "wasm", "--threads", "1"];
const weights = (folder: string) => readFileSync(join(folder, "weights.safetensors"));
const slow = { timeout: 120_000 };

/** A model with the small one's encoder and another loss, and a probe of it; `more` are further recipes. */
const stages = (text: string, more = "") => `${text.replaceAll("steps 60", "steps 20")}
model reconstruction(dim = 16) {
  input image[row: 28, column: 28, channel: 1]

  cut = patchify(image, 14)
  patches = dropout(linear(cut, dim))
  encoded = encoder(cls: learned(1), tokens: patches, dim, 2)
  loss squared_error(linear(encoded.tokens, size(cut over feature)), cut)
}

train early of reconstruction {
  data idx("data/digits")
  optimizer adamw
  schedule cosine(peak: 3e-3)
  batch 32
  steps 25
}

train small_probe = small with {
  from early at encoder, linear
  freeze encoder, linear
  steps 15
}
${more}`;

/** The spec with the two recipes, in a folder of its own. */
function spec(more = ""): { readonly folder: string; readonly file: string; readonly runs: string } {
  const folder = scratch();
  const file = smallSpec(folder, (text) => stages(text, more));
  return { folder, file, runs: join(folder, "runs") };
}

const trainsIn = (folder: string, args: readonly string[]) => norm(["train", ...args, ...wasm], { cwd: folder });

describe("a probe", () => {
  test("trains the stage first, begins with its values and keeps the frozen ones bit for bit", slow, async () => {
    const { folder, file, runs } = spec();
    const { code, stderr, stdout } = await trainsIn(folder, [`${file}#small_probe`, "--json"]);
    expect(stderr).toContain(`stage early: small_probe begins with it; training it first, in ${join("runs", "early")}`);
    expect(code).toBe(0);
    // What is for people is on the other stream, the stage's run as well.
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 15, folder: join("runs", "small_probe") });
    expect(readdirSync(runs).toSorted()).toEqual(["early", "small_probe"]);

    const [early, probe] = ["early", "small_probe"].map((run) => readSafetensors(join(runs, run, "weights.safetensors")).tensors);
    const frozen = [...probe!.keys()].filter((name) => /^(encoder|linear)\./.test(name) && !name.includes("running"));
    expect(frozen.length).toBeGreaterThan(15);
    for (const name of frozen) expect(probe!.get(name), name).toEqual(early!.get(name));
    expect(early!.has("logits.weight")).toBe(false);

    // Again: the stage is there, and the same bits come out of it.
    const before = weights(join(runs, "early"));
    const again = await trainsIn(folder, [`${file}#small_probe`]);
    expect(again.stderr).not.toContain("stage early");
    expect(weights(join(runs, "small_probe-2")).equals(weights(join(runs, "small_probe")))).toBe(true);
    expect(weights(join(runs, "early")).equals(before)).toBe(true);
  });

  test("goes on from a stage that was killed, and from its own checkpoint without the stage", slow, async () => {
    const { folder, file } = spec();
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    // With `--out`, the stages' runs lie beside it.
    expect((await trainsIn(folder, [`${file}#small_probe`, "--out", join(whole, "probe")])).code).toBe(0);
    expect(readdirSync(whole).toSorted()).toEqual(["early", "probe"]);

    // The slowest target: its runs last long enough to be stopped.
    const tfjs = ["--target", "tfjs", "--device", "wasm"];
    const args = ["train", `${file}#small_probe`, ...tfjs, "--out", join(killed, "probe")];
    await stopped(args, join(killed, "early"), "SIGINT", 50);
    expect(existsSync(join(killed, "probe"))).toBe(false);
    const stepOf = (run: string) => Number(readSafetensors(join(killed, run, "checkpoint.safetensors")).metadata.get("step"));
    expect(stepOf("early")).toBeLessThan(25);
    // The stage goes on by itself; then the probe is killed.
    await stopped(args, join(killed, "probe"), "SIGKILL", 50);
    const stage = weights(join(killed, "early"));
    expect(stepOf("early")).toBe(25);
    expect((await norm([...args, "--resume"])).code).toBe(0);
    expect(stepOf("probe")).toBe(15);
    expect(readSafetensors(join(killed, "probe", "checkpoint.safetensors")).metadata.get("origins")).toContain(join(killed, "early", "weights.safetensors"));
    expect(weights(join(killed, "early")).equals(stage)).toBe(true);

    // What never stopped gives the same bits.
    const straight = join(folder, "straight");
    expect((await norm(["train", `${file}#small_probe`, ...tfjs, "--out", join(straight, "probe")])).code).toBe(0);
    expect(weights(join(straight, "early")).equals(stage)).toBe(true);
    expect(weights(join(straight, "probe")).equals(weights(join(killed, "probe")))).toBe(true);
    // A finished run needs no stage.
    rmSync(join(killed, "early"), { recursive: true });
    expect((await norm([...args, "--resume"])).stdout).toContain("nothing is left to train");
  });

  test("tells of a stage whose recipe was changed since, and takes what it is given instead", slow, async () => {
    const { folder, file, runs } = spec();
    expect((await trainsIn(folder, [`${file}#early`])).code).toBe(0);
    writeFileSync(file, readFileSync(file, "utf8").replace("peak: 3e-3)\n  batch 32\n  steps 25", "peak: 2e-3)\n  batch 32\n  steps 25"));
    const stale = await trainsIn(folder, [`${file}#small_probe`]);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain("not a run of the stage early as it is in the spec now");
    expect(stale.stderr).toContain("peak: 0.003");
    expect(stale.stderr).toContain(`--from early=${join("runs", "early")}`);
    expect(existsSync(join(runs, "small_probe"))).toBe(false);
    const given = await trainsIn(folder, [`${file}#small_probe`, "--from", join("runs", "early")]);
    expect(given.code).toBe(0);
    expect(given.stdout).toContain("its recipe is not that of the stage as it is now");
    // Training it anew, as the message says, is the other way.
    expect((await trainsIn(folder, [`${file}#early`])).code).toBe(0);
    expect(existsSync(join(runs, "early-2"))).toBe(true);
    expect((await trainsIn(folder, [`${file}#small_probe`])).code).toBe(0);
    expect((await trainsIn(folder, [`${file}#early`, "--from", "x"])).code).toBe(2);
  });

  test("refuses a folder that holds a run before the stage is trained", slow, async () => {
    const { folder, file, runs } = spec();
    expect((await trainsIn(folder, [`${file}#early`, "--out", join("runs", "mine")])).code).toBe(0);
    const refused = await trainsIn(folder, [`${file}#small_probe`, "--out", join("runs", "mine")]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("already holds a run");
    expect(readdirSync(runs)).toEqual(["mine"]);
  });
});

test("a spec whose recipes are stages is trained to the last one, `--steps` and `--seed` being that one's", slow, async () => {
  const { folder, file, runs } = spec();
  writeFileSync(file, readFileSync(file, "utf8").replace(/  steps 20\n/, "  from small_probe at logits\n  steps 20\n").replace("train small_probe = small with {", 'train small_probe of classifier {\n  data idx("data/digits")\n  optimizer sgd\n  schedule constant(peak: 1e-2)\n  batch 32'));
  const { code, stdout } = await trainsIn(folder, [file, "--steps", "5", "--seed", "9", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ steps: 5, seed: 9, folder: join("runs", "small") });
  const stepsOf = (run: string) => readSafetensors(join(runs, run, "weights.safetensors")).metadata.get("step");
  expect(["early", "small_probe", "small"].map(stepsOf)).toEqual(["25", "15", "5"]);
  expect(readSafetensors(join(runs, "early", "weights.safetensors")).metadata.get("seed")).toBe("0");
});

describe("norm build", () => {
  test.each(["wasm", "tfjs"])("a trainer for %s looks for the stage's run, or takes what --from says", slow, async (target) => {
    const { folder, file, runs } = spec();
    const trainer = join(folder, "trainer");
    const built = await norm(["build", `${file}#small_probe`, "--target", target, "--out", trainer]);
    expect(built.stderr).toContain("--from early=RUN");
    expect(readFileSync(join(trainer, "README.md"), "utf8")).toContain("`--from early=PATH`");
    const run = (args: readonly string[]) => norm(["--data", folder, ...args], { script: join(trainer, "train.js"), cwd: folder });

    const missing = await run([]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain("begins with the stage early, and there is no run of it");
    rmSync(runs, { recursive: true, force: true });
    expect((await trainsIn(folder, [`${file}#early`])).code).toBe(0);
    const found = await run([]);
    expect(found.code, found.stderr).toBe(0);
    expect(found.stdout).toContain("from   early:");

    renameSync(join(runs, "early"), join(folder, "elsewhere"));
    expect((await run([])).code).toBe(1);
    expect((await run(["--from", join(folder, "elsewhere", "weights.safetensors"), "--out", join(folder, "second")])).code).toBe(0);
    expect(weights(join(folder, "second")).equals(weights(join(runs, "small_probe")))).toBe(true);
    expect((await run(["--from", "late=x", "--from", "y"])).code).toBe(2);
  });

  test("writes no page that would need weights", async () => {
    const { file, folder } = spec();
    const { code, stderr } = await norm(["build", `${file}#small_probe`, "--web", "--out", join(folder, "page")]);
    expect(code).toBe(2);
    expect(stderr).toContain("begins with weights");
  });
});
