/** The report as JSON, for programs. Fields are added in later versions; when one changes its meaning, `version` counts up. */

import type { Cell, Factor, Report } from "../results.js";
import { confidence, type Interval, resamples } from "./bootstrap.js";
import type { Mark } from "./best.js";
import type { Difference, Verdict } from "./paired.js";
import type { Column, Gap, Row, Summary } from "./summary.js";

/** What `reportJson` writes. Values that are missing, not finite or of no meaning are null. Times are in seconds. */
export interface AblationReport {
  readonly format: "norm-ablation-report";
  readonly version: 1;
  readonly name: string;
  readonly spec: string;
  readonly documentation: string;
  readonly factors: readonly Factor[];
  readonly seeds: readonly number[];
  readonly reports: readonly Report[];
  /** The name of the configuration that the others are compared with. */
  readonly base: string;
  /** How intervals were made: the percentile bootstrap of a mean, over seeds. */
  readonly bootstrap: { readonly method: "percentile"; readonly resamples: number; readonly confidence: number };
  /** How many cells there are of each status. */
  readonly cells: Readonly<Record<Cell["status"], number>>;
  readonly configurations: readonly ReportedConfiguration[];
  readonly effects: readonly ReportedEffect[];
  /** Cells that are not finished, or have finished without some value. */
  readonly gaps: readonly Gap[];
}

export interface ReportedConfiguration {
  readonly name: string;
  readonly isBase: boolean;
  /** By the factors' labels. */
  readonly choices: Readonly<Record<string, string>>;
  readonly cost: { readonly parameters: number; readonly flopsPerStep: number; readonly peakBytes: number };
  /** The mean of finished cells. */
  readonly seconds: number | null;
  /** As `norm diff` says it; empty for the base. */
  readonly difference: string;
  /** By the reports' paths. */
  readonly values: Readonly<Record<string, ReportedValue>>;
  /** One for every seed, with the values as they were measured. */
  readonly cells: readonly ReportedCell[];
}

export interface ReportedCell extends Omit<Cell, "metrics" | "error"> {
  /** What went wrong, for a failed cell. */
  readonly error: string | null;
}

export interface ReportedValue {
  /** How many seeds have a value. */
  readonly count: number;
  readonly mean: number | null;
  /** The sample standard deviation (n − 1). */
  readonly deviation: number | null;
  /** `best` for the best mean, `tied` for those that cannot be told from it. */
  readonly mark: Mark | null;
  /** The paired difference to the base. */
  readonly difference: Difference | null;
  /** Of a list, the means of its elements. */
  readonly elements: readonly (number | null)[] | null;
}

/** What a choice does on average, against the base's choice. */
export interface ReportedEffect {
  /** The report's path. */
  readonly report: string;
  /** The labels of the factors; several where they vary together. */
  readonly factors: readonly string[];
  readonly choice: string;
  readonly isBase: boolean;
  /** Whether all choices of the factors are compared in the same combinations of the others and with the same seeds. */
  readonly isBalanced: boolean;
  readonly runs: number;
  readonly mean: number | null;
  readonly difference: number | null;
  readonly interval: Interval | null;
  readonly verdict: Verdict | null;
  /** The lowest and the highest difference in one combination of the other factors. */
  readonly range: Interval | null;
}

/** The report as JSON, indented. It has every value, but not the curves: these are in the folders of the cells. */
export function reportJson(summary: Summary): string {
  const { results, columns, rows, cells, gaps } = summary;
  const { name, spec, documentation, factors, seeds, reports, base } = results;
  const report: AblationReport = {
    format: "norm-ablation-report",
    version: 1,
    name,
    spec,
    documentation,
    factors,
    seeds,
    reports,
    base,
    bootstrap: { method: "percentile", resamples, confidence },
    cells,
    configurations: rows.map((row) => configurationOf(row, columns)),
    effects: columns.flatMap(effectsOf),
    gaps,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function configurationOf({ configuration, isBase, seconds, values }: Row, columns: readonly Column[]): ReportedConfiguration {
  const { name, choices, cost, difference } = configuration;
  return {
    name,
    isBase,
    choices,
    cost,
    seconds,
    difference,
    values: Object.fromEntries(columns.map(({ report }, i) => [report.path, valueOf(values[i]!)])),
    cells: configuration.cells.map(cellOf),
  };
}

function cellOf({ name, seed, folder, status, error, seconds, values }: Cell): ReportedCell {
  return { name, seed, folder, status, error: error ?? null, seconds, values };
}

function valueOf({ count, mean, deviation, mark, difference, elements }: Row["values"][number]): ReportedValue {
  return { count, mean, deviation, mark, difference, elements };
}

function effectsOf({ report, effects }: Column): ReportedEffect[] {
  return effects.flatMap(({ axis, isBalanced, choices }) => choices.map((choice) => ({ report: report.path, factors: axis.factors.map(({ label }) => label), isBalanced, ...choice })));
}
