/** The learning curves of the page: which lines are shown first, how they look, and their static picture. */

import * as Plot from "@observablehq/plot";
import type { Curves, Line } from "../curves.js";
import type { Row, Summary } from "../summary.js";
import { drawn } from "./plots.js";

/** A configuration among the curves. The page's style sheet has the colours, `--line-0` and so on; the base has the text's. */
export interface Pen {
  readonly row: number;
  readonly label: string;
  /** A variable of the style sheet. */
  readonly color: string;
  /** Lengths of dashes and gaps in pixels; empty for a whole line. */
  readonly dash: readonly number[];
  /** Whether it is shown before the reader has chosen. */
  readonly isShown: boolean;
}

/** The hues of Okabe and Ito that stand out on white as on black. */
const hues = 6;
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [8, 3, 2, 3]];
/** Besides the base; more lines cannot be told apart at first sight. */
const mostShown = 7;

/** A pen for every configuration that has a line. */
export function pensOf(summary: Summary, curves: readonly Curves[]): Pen[] {
  const drawnRows = new Set(curves.flatMap(({ lines }) => lines.map(({ row }) => row)));
  const rows = summary.rows.filter(({ number }) => drawnRows.has(number));
  const column = summary.columns.findIndex(({ report, isList }) => report.best !== undefined && !isList);
  const merited = byMerit(summary, column).filter((row) => rows.includes(row));
  const shown = new Set([...rows.filter(({ isBase }) => isBase), ...merited].slice(0, mostShown + 1));
  // Those that are shown get the first pens, which differ most.
  const penned = [...rows.filter((row) => shown.has(row)), ...rows.filter((row) => !shown.has(row))].filter(({ isBase }) => !isBase);
  return rows.map((row) => {
    const turn = penned.indexOf(row);
    const style = row.isBase ? { color: "--text", dash: [] } : { color: `--line-${turn % hues}`, dash: dashes[Math.floor(turn / hues) % dashes.length]! };
    return { row: row.number, label: `#${row.number} ${row.isBase ? `base: ${row.label}` : row.label}`, ...style, isShown: shown.has(row) };
  });
}

/** The rows, those with the best means in a column first, or as they are where nobody said which are good. */
export function byMerit({ columns, rows }: Summary, column: number): Row[] {
  const best = columns[column]?.report.best;
  if (best === undefined) return [...rows];
  const merit = ({ values }: Row) => values[column]!.mean ?? (best === "highest" ? -Infinity : Infinity);
  return rows.toSorted((a, b) => (merit(a) === merit(b) ? 0 : best === "highest" ? merit(b) - merit(a) : merit(a) - merit(b)));
}

/** Whether values are positive and span so much that only a logarithmic axis shows all of them. */
export function isWide({ lines }: Curves): boolean {
  const values = lines.flatMap(({ mean }) => mean).filter((value) => value !== null);
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) / least > 30;
}

/** The lines that are shown first, for readers without scripts and for printing. */
export function curvesSvg(curves: Curves, pens: readonly Pen[]): string {
  const shown = pens.filter(({ isShown }) => isShown);
  const linesOf = (pen: Pen) => curves.lines.filter(({ row }) => row === pen.row);
  const marks = shown.flatMap((pen) => linesOf(pen).flatMap((line) => lineMarks(curves, line, pen)));
  const options: Plot.PlotOptions = {
    width: 440,
    height: 270,
    marginLeft: 48,
    marginBottom: 36,
    x: { label: "step", labelArrow: "none", labelAnchor: "center", ticks: 5 },
    y: { label: null, grid: true, ticks: 5, ...(isWide(curves) ? { type: "log" as const } : {}) },
    marks,
  };
  return drawn(options, `${curves.title} by step, of ${shown.map(({ label }) => label).join("; ")}`);
}

function lineMarks({ steps }: Curves, { mean, low, high, stopped }: Line, { color, dash }: Pen): Plot.Markish[] {
  const points = steps.map((step, i) => ({ step, mean: mean[i], low: low?.[i], high: high?.[i] })).filter((point) => point.mean !== null);
  const stroke = `var(${color})`;
  return [
    ...(low === null ? [] : [Plot.areaY(points, { x: "step", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.13 })]),
    Plot.lineY(points, { x: "step", y: "mean", stroke, strokeWidth: stopped === null ? 1.75 : 1, strokeDasharray: (stopped === null ? dash : stoppedDash).join(",") }),
    ...(points.length < 30 && stopped === null ? [Plot.dot(points, { x: "step", y: "mean", r: 2, fill: stroke })] : []),
    ...(stopped === null ? [] : [Plot.dot(points.slice(-1), { x: "step", y: "mean", symbol: "times", r: 5, stroke, strokeWidth: 2 })]),
  ];
}

/** Of runs that did not finish. */
export const stoppedDash: readonly number[] = [1, 3];
