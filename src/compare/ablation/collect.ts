/** What an ablation came out as so far, from its folder. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Metrics, metricsPath, readMetrics } from "../../runtime/metrics.js";
import { type Planned, type PlannedCell, readOutcome, readPlanned } from "./folder.js";
import type { Cell, Report, Results } from "./results.js";

/** Points of a curve that anyone can tell apart. */
const mostPoints = 400;

/** The results in an ablation's folder, of however many cells there are. @throws RunError, FormatError */
export function collect(folder: string): Results {
  const planned = readPlanned(folder);
  const { name, spec, documentation, factors, seeds, reports, base } = planned;
  const configurations = planned.configurations.map(({ name: own, choices, cost, difference, cells }) => ({ name: own, choices, cost, difference, cells: cells.map((cell) => collectCell(folder, planned, cell)) }));
  return { name, spec, documentation, factors, seeds, reports, base, configurations };
}

function collectCell(folder: string, { recipes, reports }: Planned, planned: PlannedCell): Cell {
  const cell = join(folder, planned.folder);
  const outcome = readOutcome(cell);
  const runs = recipes.filter((recipe) => existsSync(metricsPath(join(cell, recipe))));
  const metrics = Object.fromEntries(runs.map((recipe) => [recipe, thinned(readMetrics(join(cell, recipe)))]));
  const status = outcome?.status ?? (runs.length > 0 ? "unfinished" : "waiting");
  const values = Object.fromEntries(reports.map((report) => [report.path, valueOf(report, outcome?.values)]));
  return { ...planned, status, ...(outcome?.error !== undefined && { error: outcome.error }), seconds: outcome?.seconds ?? 0, values, metrics };
}

function valueOf({ recipe, value }: Report, values: NonNullable<ReturnType<typeof readOutcome>>["values"] | undefined): Cell["values"][string] {
  return values?.[recipe]?.[value] ?? null;
}

/** Evaluations and measures all; of the steps so many that a curve shows, the last one among them. */
function thinned(metrics: readonly Metrics[]): Metrics[] {
  const steps = metrics.filter((line) => "loss" in line);
  const stride = Math.ceil(steps.length / mostPoints);
  const kept = new Set<Metrics>(steps.filter((_, i) => i % stride === stride - 1 || i === steps.length - 1));
  return metrics.filter((line) => !("loss" in line) || kept.has(line));
}
