/** The folder of an ablation as it is before anything is trained: the plan, and the specs and tasks of its cells. */

import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { type Outcome, type Planned, type Task, outcomePath, plannedPath, readOutcome, readPlanned, readTask, taskPath, writeJson, writeText } from "../compare/ablation/folder.js";
import type { Plan } from "../compare/ablation/plan.js";
import { type Prepared, type PreparedConfiguration, isSameCell } from "../compare/ablation/prepare.js";
import type { SpecText } from "../compare/subject.js";
import { RunError } from "../runtime/errors.js";
import type { AblateOptions } from "./ablate.js";
import { differenceText } from "./ablation-difference.js";
import { findGpu } from "./gpu.js";
import { dataFolders } from "./spec.js";
import type { Target } from "./targets.js";

/** The name of a configuration's cell with a seed. */
export const cellName = (configuration: string, seed: number): string => `${configuration}.seed-${seed}`;

/**
 * Writes the plan and the cells' specs and tasks, and gives the cells' folders in the order in which they are trained: all
 * configurations with the first seed come first. @throws RunError when a cell was trained with another spec
 */
export async function writeCells(folder: string, file: string, planned: Plan, { configurations, base, differences }: Prepared, spec: SpecText, options: AblateOptions): Promise<string[]> {
  if (existsSync(plannedPath(folder)) && readPlanned(folder).name !== planned.name) {
    throw new RunError(`${folder} holds the ablation ${readPlanned(folder).name}: choose another folder with --out`);
  }
  const task = await sharedTask(file, planned, options);
  const cells: string[] = [];
  for (const [i, seed] of planned.seeds.entries()) {
    for (const configuration of configurations) {
      const cell = join(folder, "cells", cellName(configuration.name, seed));
      await writeCell(cell, configuration, i, { ...task, configuration: configuration.name, name: cellName(configuration.name, seed), seed, choices: configuration.choices }, planned, spec);
      cells.push(cell);
    }
  }
  const record: Planned = {
    name: planned.name,
    spec: file,
    documentation: planned.documentation,
    factors: planned.factors,
    seeds: planned.seeds,
    reports: planned.reports,
    base: base.name,
    recipes: planned.recipes,
    configurations: configurations.map(({ name, choices, error, recipes }) => ({
      name,
      choices,
      cost: recipes[0]?.manifest.cost ?? { parameters: 0, flopsPerStep: 0, peakBytes: 0 },
      difference: name === base.name ? "" : differenceText(differences.get(name) ?? []),
      cells: planned.seeds.map((seed) => ({ name: cellName(name, seed), seed, folder: `cells/${cellName(name, seed)}` })),
      ...(error !== undefined && { error }),
    })),
  };
  await writeJson(plannedPath(folder), record);
  return cells;
}

/** What all cells' tasks have in common. Every cell runs on the same target, and all jobs together on all cores. */
async function sharedTask(file: string, { name, recipes }: Plan, options: AblateOptions): Promise<Omit<Task, "configuration" | "name" | "seed" | "choices" | "spec">> {
  const { data, mlflow, jobs = 1, on } = options;
  const target = options.target ?? (on === "here" ? await fastestTarget() : undefined);
  return {
    ablation: name,
    recipes,
    data: dataFolders(file, data).map((folder) => resolve(folder)),
    ...(target !== undefined && { target }),
    ...(target === "wasm" && on === "here" && { threads: Math.max(1, Math.floor(availableParallelism() / jobs)) }),
    ...(mlflow !== undefined && { mlflow }),
  };
}

async function fastestTarget(): Promise<Target> {
  const search = new AbortController();
  try {
    const gpu = await findGpu(search.signal);
    return gpu === undefined || gpu.isSoftware ? "wasm" : "webgpu";
  } finally {
    search.abort();
  }
}

async function writeCell(cell: string, configuration: PreparedConfiguration, index: number, task: Omit<Task, "spec">, { recipes }: Plan, { host }: SpecText): Promise<void> {
  const texts = configuration.texts[index] ?? new Map<string, string>();
  const before = readTexts(join(cell, "spec"));
  if (before.size > 0 && hasBegun(cell, recipes) && !isSameCell(before, texts, recipes, host)) {
    throw new RunError(`${cell} was trained with another spec than it has now: choose another folder with --out, or remove this one`);
  }
  const [main = ""] = texts.keys();
  // A task of a cluster may be about to read what is there.
  const isWritten = before.size === texts.size && [...texts].every(([path, text]) => before.get(path) === text);
  if (!hasBegun(cell, recipes) && !isWritten) {
    rmSync(join(cell, "spec"), { recursive: true, force: true });
    for (const [path, text] of texts) await writeText(join(cell, "spec", path), text);
  }
  await writeJson(taskPath(cell), { ...task, spec: join("spec", main) } satisfies Task);
  if (configuration.error !== undefined && readOutcome(cell) === undefined) {
    await writeJson(outcomePath(cell), { status: "failed", error: configuration.error, seconds: 0, values: {} } satisfies Outcome);
  }
}

function hasBegun(cell: string, recipes: readonly string[]): boolean {
  return existsSync(outcomePath(cell)) || recipes.some((recipe) => existsSync(join(cell, recipe)));
}

/** The files of a cell's spec, its main one first. */
function readTexts(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map();
  const cell = join(folder, "..");
  const spec = existsSync(taskPath(cell)) ? readTask(cell).spec : "";
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  const isMain = (path: string) => join("spec", path) === spec;
  return new Map(paths.toSorted((a, b) => Number(isMain(b)) - Number(isMain(a))).map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

