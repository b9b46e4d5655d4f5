/** Starts of runs, for tests of those who watch them. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { RunStart } from "../../../src/runtime/observer.js";
import { toyManifest } from "../toy.js";

const root = mkdtempSync(join(tmpdir(), "norm-logging-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

/** An empty folder. */
export function newFolder(): string {
  const folder = join(root, `run-${++count}`);
  mkdirSync(folder);
  return folder;
}

export const identity = { experiment: "toys", run: "toy-1", parameters: { cls: "batch" } };

export function runStart(folder: string, changes: Partial<RunStart> = {}): RunStart {
  const manifest = toyManifest({ recipe: "optimizer adamw(decay: 0.5)\noptimizer at norm, bias: sgd\nschedule constant(0.1)" });
  return { manifest, folder, device: "toy on javascript", steps: 12, step: 0, seconds: 0, kept: [], ...changes };
}

/** A training step's line. */
export const stepLine = (step: number, loss = 1 / step, seconds = step) => ({ step, epoch: 1, loss, rate: 0.1, seconds, examples_per_second: 5, close: 0.5 });
