import * as fs from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { afterEach, expect, test, vi } from "vitest";
import { records } from "../../../src/runtime/logging/tensorboard/records.js";
import { TensorboardObserver } from "../../../src/runtime/logging/tensorboard/observer.js";
import { identity, newFolder, runStart, stepLine } from "./watched.js";

/** Bytes that the disk still takes. */
let room = Infinity;
vi.mock("node:fs", async (original) => {
  const actual = await original<typeof fs>();
  const writeSync = (file: number, bytes: Uint8Array, offset: number, length: number, position: number): number => {
    if (room <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const taken = Math.min(room, length);
    room -= taken;
    return actual.writeSync(file, bytes, offset, taken, position);
  };
  return { ...actual, writeSync };
});
afterEach(() => {
  room = Infinity;
  vi.useRealTimers();
});

/** The parts of events that are looked at here, with the numbers of TensorFlow's definitions. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
  message SessionLog { int32 status = 1; }
  message Summary { message Value { string tag = 1; optional float simple_value = 2; } repeated Value value = 1; }
`, { keepCase: true });

interface Read {
  readonly wall_time: number;
  readonly step: number;
  readonly file_version?: string;
  readonly session_log?: { readonly status: number };
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simple_value?: number }[] };
}

const eventFiles = (folder: string) => fs.readdirSync(folder).filter((name) => name.startsWith("events.out.tfevents.")).sort();

function events(folder: string): Read[][] {
  const type = root.lookupType("Event");
  return eventFiles(folder).map((name) => [...records(fs.readFileSync(join(folder, name)))].map((bytes) => type.toObject(type.decode(bytes), { longs: Number, defaults: false }) as Read));
}

/** What a reader that knows of sessions shows: `tag@step value`. A start makes what was from its step on void. */
function shown(folder: string): string[] {
  let values: { step: number; text: string }[] = [];
  let isFirst = true;
  for (const { step = 0, session_log: session, summary } of events(folder).flat()) {
    if (session?.status === 1) {
      if (!isFirst) values = values.filter((value) => value.step < step);
      isFirst = false;
    }
    for (const { tag, simple_value: value } of summary?.value ?? []) if (value !== undefined) values.push({ step, text: `${tag}@${step} ${value}` });
  }
  return values.map(({ text }) => text).sort();
}

const none = () => undefined;

test("a file is what TensorBoard was seen to read, byte for byte", async () => {
  vi.useFakeTimers({ now: 1_700_000_000_250 });
  const folder = newFolder();
  const observer = new TensorboardObserver(identity);
  observer.start(runStart(folder), none);
  observer.line({ step: 1, epoch: 1, loss: 2.5, rate: 0.1, seconds: 1, examples_per_second: 5 });
  observer.line({ step: 2, epoch: 1, loss: 0, rate: 0.05, seconds: 2, examples_per_second: 5 });
  observer.line({ step: 2, epoch: 1, held_out: { accuracy: null } });
  await observer.end({ kind: "finished" });
  const [name] = eventFiles(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.1700000000\.[\w.-]+\.\d+\.\d+$/);
  // `scripts/check-loggers.sh` has the real one read this file.
  const lines = fs.readFileSync(join(folder, name!)).toString("hex").match(/.{1,64}/g)!;
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden.tfevents.hex");
});

test("lines become scalars; what is not finite is NaN, and a list has a name for each value", async () => {
  const folder = newFolder();
  const observer = new TensorboardObserver(identity);
  observer.start(runStart(folder), none);
  observer.line(stepLine(1, 0.5));
  observer.line({ step: 1, epoch: 1, held_out: { loss: null, accuracy: 0.25 } });
  observer.line({ step: 1, epoch: 1, measures: { "uniformity(x)": -2, "spectrum(x)": [4, ...Array.from({ length: 8 }, () => null), 1] } });
  await observer.end({ kind: "finished" });
  expect(shown(folder).filter((text) => !text.includes("/0") || text.includes("/01"))).toEqual([
    "held_out/accuracy@1 0.25",
    "held_out/loss@1 NaN",
    "measures/uniformity(x)@1 -2",
    "spectrum(x)/01@1 4",
    "spectrum(x)/10@1 1",
    "train/close@1 0.5",
    "train/examples_per_second@1 5",
    "train/loss@1 0.5",
    `train/rate@1 ${Math.fround(0.1)}`,
  ]);
});

test("events are on the disk within about a second", async () => {
  vi.useFakeTimers();
  const folder = newFolder();
  const observer = new TensorboardObserver(identity);
  observer.start(runStart(folder), none);
  observer.line(stepLine(1));
  expect(shown(folder)).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(shown(folder)).toHaveLength(4);
  await observer.end({ kind: "interrupted" });
});

test.each([
  { title: "killed behind the checkpoint", written: 9, torn: false, step: 6 },
  { title: "killed with events that were not written", written: 4, torn: false, step: 6 },
  { title: "killed while an event was written", written: 5, torn: true, step: 6 },
  { title: "killed before there was a checkpoint", written: 3, torn: false, step: 0 },
  { title: "killed at once", written: 0, torn: false, step: 0 },
])("a run that was $title shows each step once, and all", async ({ written, torn, step }) => {
  const folder = newFolder();
  const first = new TensorboardObserver(identity);
  first.start(runStart(folder), none);
  for (let i = 1; i <= written; i++) first.line(stepLine(i, i));
  // Steps that are done again may be followed by what was not there before.
  if (step > 0) first.line({ step: written, epoch: 1, held_out: { accuracy: written } });
  await first.end({ kind: "interrupted" });
  const [name] = eventFiles(folder);
  if (torn) fs.truncateSync(join(folder, name!), fs.statSync(join(folder, name!)).size - 3);

  const kept = Array.from({ length: step }, (_, i) => stepLine(i + 1, i + 1));
  const second = new TensorboardObserver(identity);
  second.start(runStart(folder, { step, kept, seconds: step }), none);
  for (let i = step + 1; i <= 12; i++) second.line(stepLine(i, i));
  await second.end({ kind: "finished" });

  const once = shown(folder).filter((text) => text.startsWith("train/loss"));
  expect(once).toEqual(Array.from({ length: 12 }, (_, i) => `train/loss@${i + 1} ${i + 1}`).sort());
  expect(events(folder).map(([version, start]) => [version!.file_version, start!.session_log?.status])).toEqual([["brain.Event:2", 1], ["brain.Event:2", 1]]);
});

test("a later session's file comes later by its name, however fast it follows", async () => {
  const folder = newFolder();
  const seconds: number[] = [];
  for (let session = 0; session < 12; session++) {
    const observer = new TensorboardObserver(identity);
    observer.start(runStart(folder), none);
    await observer.end({ kind: "interrupted" });
    seconds.push(Number(eventFiles(folder).at(-1)!.split(".")[3]));
  }
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(new Set(seconds).size).toBe(12);
});

test("that a run failed is forgotten when it goes on", async () => {
  const folder = newFolder();
  const endings = () => events(folder).flat().filter(({ summary }) => summary?.value.some(({ tag }) => tag === "_hparams_/session_end_info"));
  for (const { kind, count } of [{ kind: "failed", count: 1 }, { kind: "interrupted", count: 0 }, { kind: "failed", count: 1 }, { kind: "finished", count: 1 }] as const) {
    const observer = new TensorboardObserver(identity);
    observer.start(runStart(folder), none);
    await observer.end(kind === "failed" ? { kind, message: "the device is lost" } : { kind });
    expect(endings()).toHaveLength(count);
    expect(eventFiles(folder).filter((name) => name.endsWith(".failed"))).toHaveLength(kind === "failed" ? 1 : 0);
  }
});

test("lines from before the first log get the times at which they would have been written without pauses", async () => {
  const folder = newFolder();
  const observer = new TensorboardObserver(identity);
  const now = Date.now() / 1000;
  observer.start(runStart(folder, { step: 3, seconds: 3, kept: [1, 2, 3].map((step) => stepLine(step)) }), none);
  await observer.end({ kind: "interrupted" });
  const times = events(folder)[0]!.filter(({ summary }) => summary?.value.some(({ tag }) => tag === "train/loss")).map(({ wall_time: time }) => time - now);
  expect(times).toHaveLength(3);
  times.forEach((time, i) => expect(time).toBeCloseTo(i - 2, 1));
});

test("a full disk is told of once, and what it did not take is written when it does", async () => {
  vi.useFakeTimers();
  const folder = newFolder();
  const told: string[] = [];
  const observer = new TensorboardObserver(identity);
  observer.start(runStart(folder), (message) => told.push(message));
  room = 30;
  for (let step = 1; step <= 5; step++) {
    observer.line(stepLine(step, step));
    vi.advanceTimersByTime(1000);
  }
  expect(told).toEqual([expect.stringMatching(/^cannot write .*events\.out\.tfevents.*: the disk is full; it is tried again$/)]);
  room = Infinity;
  await observer.end({ kind: "finished" });
  expect(shown(folder).filter((text) => text.startsWith("train/loss"))).toHaveLength(5);
});

test("a disk that stays full is told of at the end", async () => {
  const observer = new TensorboardObserver(identity);
  observer.start(runStart(newFolder()), none);
  observer.line(stepLine(1));
  room = 0;
  await expect(observer.end({ kind: "finished" })).rejects.toThrow(/the disk is full/);
});
