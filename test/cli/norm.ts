/** Runs the built command in a process of its own, as a person would. */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const command = fileURLToPath(new URL("../../bin/norm.js", import.meta.url));
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** An empty folder that goes away after the tests. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "norm-cli-"));
  folders.push(folder);
  return folder;
}

/** A small recipe on the digits, in a folder of its own with the data beside it. */
export function smallSpec(folder: string, change: (text: string) => string = (text) => text): string {
  cpSync(join(examples, "data"), join(folder, "data"), { recursive: true });
  const file = join(folder, "small.norm");
  writeFileSync(file, change(smallText));
  return file;
}

const smallText = `use std.norms { batch, layer }
use std.placements { pre }
use std.layers { attention, dropout, linear, mlp, patchify }

stack encoder(dim, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: layer
  }
  normalize at first { cls: layer }
  place pre

  attention(heads)
  mlp(hidden: 2 * dim)
  normalize
}

model classifier(dim = 16, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = dropout(linear(patchify(image, 14), dim))
  encoded = encoder(cls: learned(1), tokens: patches, dim, 2)
  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train small of classifier {
  data idx("data/digits")
  optimizer adamw(decay: 0.05)
  schedule cosine(peak: 3e-3, warmup: 10%)
  batch 32
  steps 60
  seed 3
}
`;

/** The small recipe with a norm whose first value is infinite. */
export function withBrokenNorm(text: string): string {
  return `${text.replace("tokens: layer\n", "tokens: broken\n")}
norm broken(x) {
  param scale[feature] = 1
  return x * scale * rsqrt(mean(x over feature) * 0)
}
`;
}

export interface Options {
  readonly cwd?: string;
  readonly input?: string;
  /** Run in place of the command. */
  readonly script?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the command; `ended` gives its output once it is over. */
export function startNorm(args: readonly string[], options: Options = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [options.script ?? command, ...args], { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(options.input ?? "");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the command to its end. */
export function norm(args: readonly string[], options: Options = {}): Promise<Ended> {
  return startNorm(args, options).ended;
}

/** Runs a command that trains, and sends it a signal `after` milliseconds once its run in `folder` is under way. */
export async function stopped(args: readonly string[], folder: string, signal: NodeJS.Signals, after: number): Promise<Ended> {
  const { child, ended } = startNorm(args);
  while (child.exitCode === null && !existsSync(join(folder, "metrics.jsonl"))) await sleep(10);
  await sleep(after);
  child.kill(signal);
  return ended;
}
