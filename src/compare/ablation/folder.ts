/**
 * The folder of an ablation. It holds `ablation.json`, what was planned; a folder for each cell with its spec, its task, its log,
 * its runs and in the end `cell.json`, what came of it; and the reports.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError, RunError, explain } from "../../runtime/errors.js";
import { createFolder, writeAtomically } from "../../runtime/files.js";
import type { Cell, Configuration, Results } from "./results.js";

/** What was planned: the results without what only training gives. */
export interface Planned extends Omit<Results, "configurations"> {
  readonly recipes: readonly string[];
  readonly configurations: readonly (Omit<Configuration, "cells"> & { readonly cells: readonly PlannedCell[]; readonly error?: string })[];
}
export type PlannedCell = Pick<Cell, "name" | "seed" | "folder">;

/** What a cell is to do, by whatever process does it. */
export interface Task {
  readonly ablation: string;
  readonly configuration: string;
  readonly name: string;
  readonly seed: number;
  readonly choices: Readonly<Record<string, string>>;
  /** The spec, relative to the cell's folder, and its recipes in order. */
  readonly spec: string;
  readonly recipes: readonly string[];
  /** Folders in which data may lie. */
  readonly data: readonly string[];
  readonly target?: "wasm" | "webgpu" | "tfjs";
  readonly threads?: number;
  readonly mlflow?: string;
}

/** What came of a cell. */
export interface Outcome {
  readonly status: "finished" | "failed";
  readonly error?: string;
  readonly seconds: number;
  /** The last values that each recipe reports: the loss, reports, measures. */
  readonly values: Readonly<Record<string, Readonly<Record<string, number | readonly (number | null)[] | null>>>>;
}

export const plannedPath = (folder: string): string => join(folder, "ablation.json");
export const taskPath = (cell: string): string => join(cell, "task.json");
export const outcomePath = (cell: string): string => join(cell, "cell.json");
export const logPath = (cell: string): string => join(cell, "log.txt");

/** The plan of an ablation's folder. @throws RunError when there is none, FormatError when it is damaged */
export function readPlanned(folder: string): Planned {
  return readJson(plannedPath(folder), "configurations") as Planned;
}

export function readTask(cell: string): Task {
  return readJson(taskPath(cell), "recipes") as Task;
}

/** What came of a cell; undefined while nothing did. @throws FormatError */
export function readOutcome(cell: string): Outcome | undefined {
  return existsSync(outcomePath(cell)) ? (readJson(outcomePath(cell), "status") as Outcome) : undefined;
}

/** @param field that tells whether it is the file it should be. */
function readJson(path: string, field: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new RunError(`cannot read ${path}: ${explain(cause)}`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && field in value) return value;
  } catch (cause) {
    throw new FormatError(path, "it is no JSON", { cause });
  }
  throw new FormatError(path, `it has no field ${field}`);
}

/** Writes a file of JSON in one step, and the folder that it lies in. @throws SaveError */
export async function writeJson(path: string, value: object): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** @throws SaveError */
export async function writeText(path: string, text: string): Promise<void> {
  await createFolder(join(path, ".."));
  await writeAtomically(path, [Buffer.from(text)]);
}
