/** Plots that are drawn when the page is written, as SVG: intervals around 0, and box plots. Colours are the page's. */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Interval } from "../bootstrap.js";
import type { Verdict } from "../paired.js";
import { meanOf } from "../statistics.js";
import { escaped } from "./escape.js";

/** Made for the width of a phone; a wide page has several beside each other. */
const width = 360;
const sides = 10;
/** Pixels of one line of a label. Labels stand above what they name, so that long ones need no margin. */
const lineHeight = 13;
/** The height that dots, bars and boxes need below a label. */
const markHeight = 21;
const boxHeight = 14;
/** Labels have at most two lines of so many characters, beside a short figure and beside a mean with its deviation. */
const besideShort = 46;
const besideLong = 39;

const colors: Readonly<Record<Verdict, string>> = { better: "var(--better)", worse: "var(--worse)", higher: "var(--accent)", lower: "var(--accent)", unclear: "var(--muted)" };

interface Labelled {
  readonly label: string;
  /** Figures, which stand at the right. */
  readonly text: string;
}

/** A row of a plot of intervals. */
export interface IntervalRow extends Labelled {
  readonly mean: number;
  readonly interval: Interval | null;
  readonly verdict: Verdict | null;
}

/** Differences as dots with their intervals, around a line at 0. */
export function intervalsSvg(rows: readonly IntervalRow[], xLabel: string, description: string): string {
  const frame = frameOf(rows, besideShort);
  const places = rows.map((row, place) => ({ ...row, place, color: row.verdict === null ? "var(--muted)" : colors[row.verdict] }));
  const spans = places.flatMap(({ interval, ...row }) => (interval === null ? [] : [{ ...row, low: interval[0], high: interval[1] }]));
  const fill = ({ verdict, color }: (typeof places)[number]) => (verdict === null || verdict === "unclear" ? "var(--card)" : color);
  return svgOf(frame, xLabel, description, [
    Plot.ruleX([0], { stroke: "var(--text)", strokeWidth: 1 }),
    ...labels(places, frame),
    Plot.ruleY(spans, { x1: "low", x2: "high", y: "place", stroke: "color", strokeWidth: 3, strokeLinecap: "round", dy: frame.drop }),
    Plot.dot(places, { x: "mean", y: "place", r: 4.5, stroke: "color", strokeWidth: 2, fill, dy: frame.drop }),
  ]);
}

/** A row of a box plot. */
export interface BoxRow extends Labelled {
  readonly values: readonly number[];
  readonly isBase: boolean;
}

/** The values of every row: each seed a dot, and behind them a box of quartiles with Tukey's whiskers. */
export function boxesSvg(rows: readonly BoxRow[], description: string): string {
  const frame = frameOf(rows, besideLong);
  const places = rows.map((row, place) => ({ ...row, place }));
  const dots = places.flatMap(({ values, place, isBase }) => values.map((value) => ({ value, place, color: isBase ? "var(--text)" : "var(--accent)" })));
  const boxed = dots.filter(({ place }) => rows[place]!.values.length > 1);
  const base = rows.find(({ isBase }) => isBase)?.values ?? [];
  const inset = (frame.rowHeight - boxHeight) / 2;
  return svgOf(frame, null, description, [
    ...(base.length > 0 ? [Plot.ruleX([meanOf(base)], { stroke: "var(--text)", strokeDasharray: "2,3" })] : []),
    ...labels(places, frame),
    // Its own dots would be the outliers alone, and all are drawn.
    Plot.boxX(boxed, { x: "value", y: "place", r: 0, fill: "var(--box)", stroke: "var(--muted)", strokeWidth: 1.5, dy: frame.drop, insetTop: inset, insetBottom: inset }),
    Plot.dot(dots, { x: "value", y: "place", r: 3, fill: "color", dy: frame.drop }),
  ]);
}

/** The measures of a plot that depend on its labels. */
interface Frame {
  readonly labels: readonly string[];
  readonly rowHeight: number;
  /** How far below the middle of a row its dot is. */
  readonly drop: number;
}

function frameOf(rows: readonly Labelled[], most: number): Frame {
  const own = rows.map(({ label }) => linesOf(label, most).join("\n"));
  const rowHeight = (own.some((label) => label.includes("\n")) ? 2 : 1) * lineHeight + markHeight;
  return { labels: own, rowHeight, drop: rowHeight / 2 - 11 };
}

/** A label on one line or, cut if need be, on two. */
function linesOf(label: string, most: number): string[] {
  const cut = (text: string) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
  if (label.length <= most) return [label];
  const end = label.lastIndexOf(", ", most);
  return end < 0 ? [cut(label)] : [label.slice(0, end + 1), cut(label.slice(end + 2))];
}

/** Above what a row shows: its label and its figures. */
function labels(rows: readonly (Labelled & { readonly place: number })[], frame: Frame): Plot.Markish[] {
  // The halo keeps lines behind a label from striking it through.
  const common = { y: "place", dy: frame.drop - 11, lineAnchor: "bottom", lineHeight: lineHeight / 11, stroke: "var(--card)", strokeWidth: 4 } as const;
  return [
    Plot.text(rows, { ...common, text: ({ place }: { place: number }) => frame.labels[place]!, frameAnchor: "left", fill: "var(--text)", title: "label" }),
    Plot.text(rows, { ...common, text: "text", frameAnchor: "right", fill: "var(--muted)", fontVariant: "tabular-nums" }),
  ];
}

function svgOf({ labels: { length }, rowHeight }: Frame, label: string | null, description: string, marks: Plot.Markish[]): string {
  const options: Plot.PlotOptions = {
    width,
    height: length * rowHeight + 46,
    marginTop: 6,
    marginBottom: 40,
    marginLeft: sides,
    marginRight: sides,
    x: { label, labelArrow: "none", labelAnchor: "center", labelOffset: 36, ticks: 4, grid: true, nice: true, inset: 8 },
    y: { type: "band", domain: Array.from({ length }, (_, place) => place), axis: null, padding: 0 },
    color: { type: "identity" },
    marks,
  };
  return drawn(options, description);
}

/** A plot as text. @param description what it shows, for readers who do not see it. */
export function drawn(options: Plot.PlotOptions, description: string): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({ ...options, document, className: "plot", style: { fontSize: "11px" } });
  // The description may have any text in it, and attributes are not escaped as text is.
  return svg.outerHTML.replace("<svg", () => `<svg role="img" aria-label="${escaped(description)}"`);
}
