/** What a report says, as plain data: every form of it prints this. */

import type { Cell, Configuration, Report, Results } from "../results.js";
import { type Mark, marksOf } from "./best.js";
import { Bootstrap } from "./bootstrap.js";
import { type Effect, effectsOf } from "./effects.js";
import { ordered } from "./order.js";
import { type BySeed, type Difference, pairedDifference } from "./paired.js";
import { deviationOf, meanOf } from "./statistics.js";

export interface Summary {
  /** What it is of, in the order of the report. */
  readonly results: Results;
  readonly columns: readonly Column[];
  /** One for every configuration; rows are numbered from 1 in this order. */
  readonly rows: readonly Row[];
  /** How many cells there are of each status. */
  readonly cells: Readonly<Record<Cell["status"], number>>;
  /** The cells of which something is missing. */
  readonly gaps: readonly Gap[];
}

/** A reported value. */
export interface Column {
  readonly report: Report;
  /** The shortest name that no other column has: `accuracy`. */
  readonly label: string;
  /** Whether values are lists: these have means by element, and no deviations, differences and effects. */
  readonly isList: boolean;
  /** Main effects, one for every axis. */
  readonly effects: readonly Effect[];
}

export interface Row {
  readonly number: number;
  readonly configuration: Configuration;
  readonly isBase: boolean;
  /** The choices that differ from the base's, `cls = batch, place = post`; all choices for the base itself. */
  readonly label: string;
  /** How many of its cells are finished. */
  readonly finished: number;
  /** The mean time of finished cells; null when there is none. */
  readonly seconds: number | null;
  /** One for every column. */
  readonly values: readonly Statistic[];
}

/** One reported value of one configuration, over the finished cells. */
export interface Statistic {
  /** By seed; null where the cell is not finished, or its value is missing or not finite. */
  readonly bySeed: BySeed;
  /** How many seeds have a value. */
  readonly count: number;
  /** Null without values. */
  readonly mean: number | null;
  /** The sample standard deviation (n − 1); null for fewer than two values. */
  readonly deviation: number | null;
  readonly mark: Mark | null;
  /** Against the base; null for the base itself and for lists. */
  readonly difference: Difference | null;
  /** The mean of every element of a list, over the seeds that have it; null for a number. */
  readonly elements: readonly (number | null)[] | null;
}

/** A cell that is not finished, or that has finished without some value. */
export interface Gap {
  readonly cell: string;
  readonly row: number;
  readonly seed: number;
  readonly status: Cell["status"];
  /** What went wrong in a failed cell. */
  readonly error: string | null;
  /** The labels of values that a finished cell lacks. */
  readonly missing: readonly string[];
}

/**
 * Summarises an ablation. The order in which configurations and cells come does not matter, and only finished cells count.
 * @throws Error when the base is none of the configurations.
 */
export function summarise(given: Results): Summary {
  const results = ordered(given);
  const { configurations, reports } = results;
  const base = configurations.find(({ name }) => name === results.base);
  if (base === undefined) throw new Error(`the base \`${results.base}\` is none of the configurations`);
  const bootstrap = new Bootstrap(results.name);
  const labels = columnLabels(reports);
  const summaries = reports.map((report, i) => summariseReport(results, base, report, labels[i]!, bootstrap));
  const rows = configurations.map((configuration, i) => rowOf(results, base, configuration, i, summaries.map(({ statistics }) => statistics[i]!)));
  const cells: Record<Cell["status"], number> = { finished: 0, failed: 0, unfinished: 0, waiting: 0 };
  for (const { status } of configurations.flatMap((configuration) => configuration.cells)) cells[status]++;
  return { results, columns: summaries.map(({ column }) => column), rows, cells, gaps: rows.flatMap((row) => gapsOf(row, reports, labels)) };
}

function summariseReport(results: Results, base: Configuration, report: Report, label: string, bootstrap: Bootstrap): { column: Column; statistics: Statistic[] } {
  const { configurations } = results;
  const isList = configurations.some(({ cells }) => cells.some(({ values }) => Array.isArray(values[report.path])));
  if (isList) return { column: { report, label, isList, effects: [] }, statistics: configurations.map((configuration) => listStatistic(configuration, report)) };
  const columns = configurations.map(({ cells }) => cells.map((cell) => numberIn(cell, report)));
  const marks = marksOf(columns, report.best, bootstrap);
  const ofBase = columns[configurations.indexOf(base)]!;
  const statistics = columns.map((bySeed, i): Statistic => {
    const present = bySeed.filter((value) => value !== null);
    return {
      bySeed,
      count: present.length,
      mean: present.length === 0 ? null : meanOf(present),
      deviation: deviationOf(present),
      mark: marks[i]!,
      difference: configurations[i] === base ? null : pairedDifference(bySeed, ofBase, report.best, bootstrap),
      elements: null,
    };
  });
  return { column: { report, label, isList, effects: effectsOf(results, report, columns, bootstrap) }, statistics };
}

/** The value of a finished cell; null where there is no finite number. */
export function numberIn({ status, values }: Cell, { path }: Report): number | null {
  const value = values[path];
  return status === "finished" && typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The list of a finished cell. */
export function listIn({ status, values }: Cell, { path }: Report): readonly (number | null)[] | null {
  const value = values[path];
  return status === "finished" && typeof value === "object" && value !== null ? value : null;
}

function listStatistic({ cells }: Configuration, report: Report): Statistic {
  const lists = cells.flatMap((cell) => {
    const list = listIn(cell, report);
    return list === null ? [] : [list];
  });
  const elements = Array.from({ length: Math.max(0, ...lists.map(({ length }) => length)) }, (_, i) => {
    const present = lists.map((list) => list[i] ?? null).filter((value) => value !== null);
    return present.length === 0 ? null : meanOf(present);
  });
  return { bySeed: cells.map(() => null), count: lists.length, mean: null, deviation: null, mark: null, difference: null, elements };
}

function rowOf({ factors }: Results, base: Configuration, configuration: Configuration, index: number, values: readonly Statistic[]): Row {
  const finished = configuration.cells.filter(({ status }) => status === "finished");
  const isBase = configuration === base;
  const named = factors.filter(({ label }) => isBase || configuration.choices[label] !== base.choices[label]);
  return {
    number: index + 1,
    configuration,
    isBase,
    label: named.map(({ label }) => `${label} = ${configuration.choices[label]}`).join(", "),
    finished: finished.length,
    seconds: finished.length === 0 ? null : meanOf(finished.map(({ seconds }) => seconds)),
    values,
  };
}

function gapsOf({ number, configuration }: Row, reports: readonly Report[], labels: readonly string[]): Gap[] {
  return configuration.cells.flatMap((cell): Gap[] => {
    const missing = cell.status === "finished" ? labels.filter((_, i) => numberIn(cell, reports[i]!) === null && listIn(cell, reports[i]!) === null) : [];
    if (cell.status === "finished" && missing.length === 0) return [];
    return [{ cell: cell.name, row: number, seed: cell.seed, status: cell.status, error: cell.status === "failed" ? (cell.error ?? "it says no more") : null, missing }];
  });
}

/** A report's value alone where no other report has it, else its path. */
function columnLabels(reports: readonly Report[]): string[] {
  return reports.map(({ path, value }) => (reports.filter((other) => other.value === value).length === 1 ? value : path));
}
