/** Learning curves: by step, the mean over seeds with their lowest and highest value, thinned for drawing. */

import type { Metrics } from "../../../runtime/metrics.js";
import type { Cell, Report, Results } from "../results.js";
import { grouped } from "./group.js";
import { meanOf } from "./statistics.js";

/** Something that was measured again and again during training. */
export interface Curves {
  /** `training loss`, `accuracy on held-out examples`. */
  readonly title: string;
  readonly recipe: string;
  /** Ascending. */
  readonly steps: readonly number[];
  /** Whether each point is the mean of several measurements in a row. */
  readonly isThinned: boolean;
  readonly lines: readonly Line[];
}

/** Values for every step; null where there is none. */
export interface Line {
  /** The number of the configuration. */
  readonly row: number;
  readonly mean: readonly (number | null)[];
  /** The lowest and the highest of the seeds; null for a single run. */
  readonly low: readonly (number | null)[] | null;
  readonly high: readonly (number | null)[] | null;
  /** The seed of a run that did not finish, which has a line of its own. */
  readonly stopped: number | null;
}

interface Point {
  readonly step: number;
  readonly value: number;
}

/** A line has no more points than this, and the whole page no more than `mostNumbers` numbers. */
const mostPoints = 100;
const mostNumbers = 100_000;

/** All curves of an ablation whose configurations are in the order of the report: training losses, held-out values, and reported measures. */
export function curvesOf({ configurations, reports }: Results): Curves[] {
  const cells = configurations.flatMap((configuration) => configuration.cells);
  const recipes = [...new Set(cells.flatMap(({ metrics }) => Object.keys(metrics)))];
  const found = recipes.flatMap((recipe) => seriesOf(recipe, cells, reports));
  const points = Math.max(20, Math.min(mostPoints, Math.floor(mostNumbers / (3 * configurations.length * found.length))));
  return found.map(({ title, recipe, read }) => {
    const pointsOf = (cell: Cell) => (cell.metrics[recipe] ?? []).flatMap((line): Point[] => {
      const value = read(line);
      return typeof value === "number" && Number.isFinite(value) ? [{ step: line.step, value }] : [];
    });
    const all = [...new Set(cells.flatMap((cell) => pointsOf(cell).map(({ step }) => step)))].toSorted((a, b) => a - b);
    const steps = thinned(all, points);
    const sampled = (cell: Cell) => valuesAt(pointsOf(cell), steps);
    const lines = configurations.flatMap((configuration, i): Line[] => {
      const finished = configuration.cells.filter(({ status }) => status === "finished").map(sampled);
      const stopped = configuration.cells.filter(({ status }) => status === "failed" || status === "unfinished");
      return [...(finished.length === 0 ? [] : [lineOf(i + 1, finished)]), ...stopped.map((cell) => ({ row: i + 1, mean: sampled(cell).map(rounded), low: null, high: null, stopped: cell.seed }))];
    });
    return { title, recipe, steps, isThinned: steps.length < all.length, lines: lines.filter(({ mean }) => mean.some((value) => value !== null)) };
  });
}

interface Series {
  readonly title: string;
  readonly recipe: string;
  read(line: Metrics): unknown;
}

function seriesOf(recipe: string, cells: readonly Cell[], reports: readonly Report[]): Series[] {
  const lines = cells.flatMap(({ metrics }) => metrics[recipe] ?? []);
  const heldOut = [...new Set(lines.flatMap((line) => ("held_out" in line && typeof line.held_out === "object" ? Object.keys(line.held_out) : [])))];
  const measured = new Set(lines.flatMap((line) => ("measures" in line && typeof line.measures === "object" ? Object.entries(line.measures).flatMap(([name, value]) => (typeof value === "number" ? [name] : [])) : [])));
  const reported = reports.filter((report) => report.recipe === recipe && measured.has(report.value)).map(({ value }) => value);
  return [
    { title: "training loss", recipe, read: (line) => ("loss" in line ? line.loss : undefined) },
    ...heldOut.map((name): Series => ({ title: `${name} on held-out examples`, recipe, read: (line) => ("held_out" in line && typeof line.held_out === "object" ? line.held_out[name] : undefined) })),
    ...reported.map((name): Series => ({ title: name, recipe, read: (line) => ("measures" in line && typeof line.measures === "object" ? line.measures[name] : undefined) })),
  ];
}

/** The last steps of equally long stretches, or all where they are few. */
function thinned(steps: readonly number[], most: number): readonly number[] {
  if (steps.length <= most) return steps;
  const last = steps.at(-1)!;
  const ends = Array.from({ length: most }, (_, i) => Math.ceil(((i + 1) * last) / most));
  return ends.filter((end, i) => steps.some((step) => step <= end && step > (ends[i - 1] ?? 0)));
}

/** For every step, the mean of what was measured since the one before. */
function valuesAt(points: readonly Point[], steps: readonly number[]): (number | null)[] {
  const stretches = grouped(points, ({ step }) => firstNotBelow(steps, step));
  return steps.map((_, i) => {
    const own = stretches.get(i);
    return own === undefined ? null : meanOf(own.map(({ value }) => value));
  });
}

/** The index of the first of ascending numbers that is not below `value`. */
function firstNotBelow(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lineOf(row: number, runs: readonly (readonly (number | null)[])[]): Line {
  const columns = runs[0]!.map((_, i) => runs.map((run) => run[i]!).filter((value) => value !== null));
  const over = (measure: (values: readonly number[]) => number) => columns.map((values) => (values.length === 0 ? null : rounded(measure(values))));
  const isAlone = runs.length === 1;
  return { row, mean: over(meanOf), low: isAlone ? null : over((values) => Math.min(...values)), high: isAlone ? null : over((values) => Math.max(...values)), stopped: null };
}

/** To what a plot shows. */
function rounded<Value extends number | null>(value: Value): Value {
  return (value === null ? null : Number((value as number).toPrecision(5))) as Value;
}
