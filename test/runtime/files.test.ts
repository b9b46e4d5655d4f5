import * as promises from "node:fs/promises";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { SaveError } from "../../src/runtime/errors.js";
import { createFolder, writeAtomically } from "../../src/runtime/files.js";
import { train } from "../../src/runtime/train.js";
import { Recorder, toyData, ToyEngine, toyManifest } from "./toy.js";

/** Bytes that the disk still takes. */
let room = Infinity;
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof promises>();
  const open = async (...parameters: Parameters<typeof actual.open>): Promise<promises.FileHandle> => {
    const handle = await actual.open(...parameters);
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (data) => {
      const bytes = data as Uint8Array;
      await write(bytes.subarray(0, Math.max(0, Math.min(room, bytes.length))));
      room -= bytes.length;
      if (room < 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    return handle;
  };
  return { ...actual, open };
});

const root = mkdtempSync(join(tmpdir(), "norm-files-"));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => {
  room = Infinity;
});

describe("writing atomically", () => {
  const chunks = [Buffer.from("new "), Buffer.from("content")];

  it("replaces a file, even over what a killed process left", async () => {
    const path = join(root, "a");
    writeFileSync(path, "old");
    writeFileSync(`${path}.tmp`, "left over and longer than the new content");
    await writeAtomically(path, chunks);
    expect(readFileSync(path, "utf8")).toBe("new content");
    expect(readdirSync(root)).toEqual(["a"]);
  });

  it("keeps the old file and removes its own when the disk is full", async () => {
    const path = join(root, "a");
    writeFileSync(path, "old");
    room = 6;
    const error: SaveError = await writeAtomically(path, chunks).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SaveError);
    expect(error.message).toBe(`cannot write ${path}: the disk is full; the file that was there before is unchanged`);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(root)).toEqual(["a"]);
  });

  it("says why when there is no folder, or the path is one", async () => {
    await expect(writeAtomically(join(root, "a", "b"), chunks)).rejects.toThrow(/a part of the path is a file/);
    await expect(createFolder(join(root, "a"))).rejects.toThrow(/a file is there where a folder must be/);
    await createFolder(join(root, "b", "c"));
    await expect(writeAtomically(join(root, "b"), chunks)).rejects.toThrow(/a folder is there/);
    expect(readdirSync(root).sort()).toEqual(["a", "b"]);
  });
});

it("a disk that becomes full stops a run with its last checkpoint intact", async () => {
  const manifest = toyManifest();
  const folder = join(root, "run");
  const output = new Recorder();
  let before = Buffer.alloc(0);
  const afterStep = (step: number): void => {
    if (step !== 5) return;
    before = readFileSync(join(folder, "checkpoint.safetensors"));
    room = 1000;
  };
  const options = { folder, stdout: output, checkpointEvery: { steps: 2 } };
  const failed = train(manifest, new ToyEngine(manifest, { afterStep }), toyData(), options);
  await expect(failed).rejects.toThrow(
    /checkpoint\.safetensors: the disk is full; the file that was there before is unchanged/,
  );
  expect(readdirSync(folder).sort()).toEqual(["checkpoint.safetensors", "metrics.jsonl"]);
  expect(readFileSync(join(folder, "checkpoint.safetensors")).equals(before)).toBe(true);
  room = Infinity;
  const summary = await train(manifest, new ToyEngine(), toyData(), { ...options, resume: true });
  expect(output.text).toContain("Resuming after step 4 of 12.");
  expect(summary.steps).toBe(12);
});
