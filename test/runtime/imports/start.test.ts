/** Runs that begin with the weights of stages and of files: where these are found, what is wrong with them, and going on without them. */

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readCheckpointNote } from "../../../src/runtime/checkpoint.js";
import { DataError } from "../../../src/runtime/data/index.js";
import { FormatError, RunError } from "../../../src/runtime/errors.js";
import { describeRecipe, recipeFingerprint } from "../../../src/runtime/fingerprint.js";
import { readPlaces } from "../../../src/runtime/imports/places.js";
import { findStage } from "../../../src/runtime/imports/stages.js";
import { begin } from "../../../src/runtime/imports/start.js";
import { encodeSafetensors, readSafetensors } from "../../../src/runtime/safetensors.js";
import { train, type Summary, type TrainOptions } from "../../../src/runtime/train.js";
import type { Manifest, StageSource, Start } from "../../../src/runtime/trainer.js";
import { features, Recorder, toyData, ToyEngine, toyManifest } from "../toy.js";

const root = mkdtempSync(join(tmpdir(), "norm-start-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
function newRuns(): string {
  const folder = join(root, `runs-${count++}`);
  mkdirSync(folder);
  return folder;
}

const stageManifest = toyManifest({ name: "early", seed: 11 });
const source: StageSource = { kind: "stage", name: "early", recipe: recipeFingerprint(describeRecipe(stageManifest), []) };
const slots = ["weight", "bias"].map((name) => ({ own: name, stored: name }));
const late = (start: Start["source"] = source) => toyManifest({ name: "late", start: [{ source: start, slots }] });

async function run(manifest: Manifest, folder: string, options: Partial<TrainOptions> & { readonly stopAfter?: number } = {}): Promise<{ summary: Summary; text: string }> {
  const output = new Recorder();
  const stop = new AbortController();
  const { stopAfter, ...rest } = options;
  const engine = new ToyEngine(manifest, { afterStep: (step) => step + 1 === stopAfter && stop.abort() });
  const summary = await train(manifest, engine, toyData(manifest), { folder, signal: stop.signal, stdout: output, stderr: output, ...rest });
  return { summary, text: output.text };
}

const values = (folder: string) => readSafetensors(join(folder, "weights.safetensors")).tensors;
const bytes = (folder: string) => readFileSync(join(folder, "weights.safetensors"));

describe("a run that begins with a stage", () => {
  it("has its values, and says from where; what the stage does not give is drawn", async () => {
    const runs = newRuns();
    await run(stageManifest, join(runs, "early"));
    const drawn = new Map<string, Float32Array | Int32Array>([["weight", new Float32Array(features)], ["bias", new Float32Array(1)], ["seen", Int32Array.of(3)]]);
    const { values: begun, origins } = await begin(late(), drawn, { data: [], runs, from: new Map() });
    expect(begun.get("weight")).toEqual(values(join(runs, "early")).get("weight")!.data);
    expect(begun.get("seen")).toEqual(Int32Array.of(3));
    expect(drawn.get("weight")).toEqual(new Float32Array(features));
    const file = join(runs, "early", "weights.safetensors");
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    expect(origins).toEqual([{ from: "early", file, sha256, recipe: source.recipe }]);

    const { text } = await run(late(), join(runs, "late"));
    expect(text).toContain(`from   early: 2 parameters and states of ${file}\n`);
    const plain = newRuns();
    await run(toyManifest({ name: "late" }), join(plain, "late"));
    expect(bytes(join(runs, "late")).equals(bytes(join(plain, "late")))).toBe(false);
    expect(readCheckpointNote(join(runs, "late")).origins).toEqual(origins);
    expect(readSafetensors(join(runs, "late", "weights.safetensors")).metadata.get("origins")).toContain(sha256);
  });

  it("goes on without the stage, bit for bit, and still says where it began", async () => {
    const runs = newRuns();
    await run(stageManifest, join(runs, "early"));
    await run(late(), join(runs, "whole"));
    await run(late(), join(runs, "stopped"), { stopAfter: 5 });
    const { origins } = readCheckpointNote(join(runs, "stopped"));
    rmSync(join(runs, "early"), { recursive: true });
    // The stage's recipe may have changed meanwhile.
    const { summary } = await run(late({ ...source, recipe: "another" }), join(runs, "stopped"), { resume: true });
    expect(summary.interrupted).toBe(false);
    expect(bytes(join(runs, "stopped")).equals(bytes(join(runs, "whole")))).toBe(true);
    expect(readCheckpointNote(join(runs, "stopped")).origins).toEqual(origins);
    expect(origins).toHaveLength(1);
  });

  it("is another trainer than one that begins otherwise", async () => {
    const runs = newRuns();
    await run(stageManifest, join(runs, "early"));
    await run(late(), join(runs, "late"), { stopAfter: 5 });
    const other = { ...late(), start: [{ source, slots: slots.slice(0, 1) }] };
    await expect(run(other, join(runs, "late"), { resume: true })).rejects.toThrow("from 1: ");
  });

  it("says what to do when there is no finished run of the stage", async () => {
    const runs = newRuns();
    const begun = (from = new Map<string, string>()) => begin(late(), new Map(), { data: [], runs, from });
    await expect(begun()).rejects.toThrow(`there is no run of it in ${join(runs, "early")}: train it first; or say with \`--from early=FOLDER\``);
    await run(stageManifest, join(runs, "early"), { stopAfter: 5 });
    await expect(begun()).rejects.toThrow("is not finished");
    await expect(begun(new Map([["early", join(runs, "nowhere")]]))).rejects.toThrow("there is nothing at");
    const { remarks } = await begun(new Map([["early", join(runs, "early")]]));
    expect(remarks).toEqual([`early: 2 parameters and states of ${join(runs, "early", "weights.safetensors")} (its run was stopped after step 5)`]);
    await run(toyManifest({ ...stageManifest, seed: 12 }), join(runs, "early-2"));
    rmSync(join(runs, "early", "checkpoint.safetensors"));
    await expect(begun()).rejects.toThrow("not a run of that recipe as it is now");
    const other = await begun(new Map([["early", join(runs, "early-2")]]));
    expect(other.remarks[0]).toContain("its recipe is not that of the stage as it is now");
    expect(other.origins[0]!.recipe).not.toBe(source.recipe);
    // A file alone says nothing of its recipe.
    const alone = await begun(new Map([["early", join(runs, "early-2", "weights.safetensors")]]));
    expect(alone.origins[0]).not.toHaveProperty("recipe");
    mkdirSync(join(runs, "empty"));
    await expect(begun(new Map([["early", join(runs, "empty")]]))).rejects.toThrow("holds no weights.safetensors");
  });

  it("takes the newest of the finished runs, else the newest that was begun", async () => {
    const runs = newRuns();
    const found = () => findStage(source, runs);
    expect(found()).toBeUndefined();
    mkdirSync(join(runs, "early"));
    expect(found()).toEqual({ folder: join(runs, "early"), is: "begun" });
    writeFileSync(join(runs, "early", "notes.txt"), "mine");
    expect(found()).toEqual({ folder: join(runs, "early"), is: "other" });
    await run(stageManifest, join(runs, "early-2"));
    await run(stageManifest, join(runs, "early-3"), { stopAfter: 3 });
    await run(toyManifest({ ...stageManifest, seed: 5 }), join(runs, "early-4"));
    expect(found()).toEqual({ folder: join(runs, "early-2"), is: "finished" });
    rmSync(join(runs, "early-2", "weights.safetensors"));
    expect(found()).toEqual({ folder: join(runs, "early-3"), is: "begun" });
  });

  it("notices that the stage itself began with another recipe", async () => {
    const runs = newRuns();
    await run(stageManifest, join(runs, "early"));
    await run(late(), join(runs, "late"));
    const of = (recipe: string): StageSource => ({ kind: "stage", name: "late", recipe: recipeFingerprint(describeRecipe(late()), [recipe]) });
    expect(findStage(of(source.recipe!), runs)?.is).toBe("finished");
    expect(findStage(of("another"), runs)?.is).toBe("other");
  });
});

describe("places of stages", () => {
  const manifest = { start: ["a", "b"].map((name) => ({ source: { kind: "stage" as const, name }, slots })) };
  it("are named, or that of the only one", () => {
    expect(readPlaces(["a=x=y", "b=z"], manifest)).toEqual(new Map([["a", "x=y"], ["b", "z"]]));
    expect(readPlaces(["runs/x=1"], { start: manifest.start.slice(0, 1) })).toEqual(new Map([["a", "runs/x=1"]]));
    expect(readPlaces(["x"], manifest)).toContain("name the stage too");
    expect(readPlaces(["a=x", "a=y"], manifest)).toContain("twice");
    expect(readPlaces(["x"], {})).toContain("does not");
  });
});

describe("a run that begins with a file", () => {
  const file = (path: string) => ({ kind: "file" as const, path, place: "toy.norm:3:3" });
  const encode = (shape = [features]) => Buffer.concat(encodeSafetensors({
    tensors: new Map([["weight", { type: "f32" as const, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(2) }], ["bias", { type: "f32" as const, shape: [], data: Float32Array.of(3) }]]),
    metadata: new Map(),
  }));
  const begun = (folder: string, path = "w.safetensors") => begin(late(file(path)), new Map(), { data: [folder], runs: folder, from: new Map() });

  it("has its values, in float32 whatever the file's type", async () => {
    const folder = newRuns();
    const [f16, bf16, f64] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(32)];
    for (let i = 0; i < 4; i++) {
      f16.writeUInt16LE([0x3c00, 0xc000, 0x3555, 0x0001][i]!, 2 * i);
      bf16.writeUInt16LE([0x3f80, 0xc000, 0x3eab, 0x0001][i]!, 2 * i);
      f64.writeDoubleLE([1, -2, 1 / 3, 1e-300][i]!, 8 * i);
    }
    const expected = { F16: [1, -2, 0.333251953125, 2 ** -24], BF16: [1, -2, 0.333984375, 2 ** -133], F64: [1, -2, Math.fround(1 / 3), 0] };
    for (const [dtype, data] of Object.entries({ F16: f16, BF16: bf16, F64: f64 })) {
      const header = Buffer.from(JSON.stringify({ weight: { dtype, shape: [4], data_offsets: [0, data.length] }, bias: { dtype: "F32", shape: [], data_offsets: [data.length, data.length + 4] } }));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      writeFileSync(join(folder, "w.safetensors"), Buffer.concat([length, header, data, Buffer.alloc(4)]));
      const { values: found } = await begun(folder);
      expect([...found.get("weight")!], dtype).toEqual(expected[dtype as keyof typeof expected]);
    }
  });

  it("reads only below the folders that it is given", async () => {
    const [folder, outside] = [newRuns(), newRuns()];
    writeFileSync(join(outside, "w.safetensors"), encode());
    symlinkSync(join(outside, "w.safetensors"), join(folder, "link.safetensors"));
    for (const path of ["link.safetensors", join(outside, "w.safetensors"), `../${outside.split("/").at(-1)}/w.safetensors`]) {
      await expect(begun(folder, path), path).rejects.toThrow(DataError);
      await expect(begun(folder, path), path).rejects.toThrow("outside the folders");
    }
    await expect(begun(folder)).rejects.toThrow('toy.norm:3:3: there is no "w.safetensors"');
    mkdirSync(join(folder, "w.safetensors"));
    await expect(begun(folder)).rejects.toThrow(RunError);
  });

  it("refuses files that are damaged, cut short, or lie", async () => {
    const folder = newRuns();
    const whole = encode();
    const huge = Buffer.from(whole);
    huge.writeBigUInt64LE(2n ** 62n, 0);
    const edited = (from: string, to: string) => {
      const end = 8 + Number(whole.readBigUInt64LE(0));
      const text = whole.toString("utf8", 8, end);
      expect(text).toContain(from);
      const header = Buffer.from(text.replace(from, to));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return Buffer.concat([length, header, whole.subarray(end)]);
    };
    const damaged = [
      Buffer.alloc(0), whole.subarray(0, 7), whole.subarray(0, 20), whole.subarray(0, -1), Buffer.concat([whole, Buffer.alloc(1)]), huge,
      edited('"data_offsets":[0,4]', '"data_offsets":[-4,0]'), edited('"shape":[4]', '"shape":[9]'), edited('"dtype":"F32"', '"dtype":"X32"'),
    ];
    for (const [i, content] of damaged.entries()) {
      writeFileSync(join(folder, "w.safetensors"), content);
      await expect(begun(folder), String(i)).rejects.toThrow(FormatError);
    }
    writeFileSync(join(folder, "w.safetensors"), encode([features + 1]));
    await expect(begun(folder)).rejects.toThrow("has shape [5], and weight[feature: 4] takes [feature: 4]");
    writeFileSync(join(folder, "w.safetensors"), encodeSafetensors({ tensors: new Map(), metadata: new Map() })[0]!);
    await expect(begun(folder)).rejects.toThrow(FormatError);
  });

  it("trains from there", async () => {
    const folder = newRuns();
    writeFileSync(join(folder, "w.safetensors"), encode());
    const { text } = await run(late(file("w.safetensors")), join(folder, "late"), { data: [folder] });
    expect(text).toContain("from   w.safetensors: 2 parameters and states");
    expect(readCheckpointNote(join(folder, "late")).origins[0]).toMatchObject({ from: "w.safetensors", sha256: createHash("sha256").update(encode()).digest("hex") });
  });
});
