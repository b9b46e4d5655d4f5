/// <reference lib="dom" />
/** The curve of the loss, drawn by uPlot. */

import type uPlot from "uplot";
import { formatValue } from "../format.js";
import type { Run } from "./run.js";

/** The page's style sheet has the colours, which change with the reader's wish for light or dark. */
const colors = { raw: "--raw", smoothed: "--accent", heldOut: "--held-out", text: "--muted", line: "--line" } as const;

const height = 300;
/** Between the marks of steps. */
const wholeNumbers = Array.from({ length: 7 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
const font = "12px system-ui, sans-serif";

export class Chart {
  private readonly plot: uPlot;
  private readonly styles: CSSStyleDeclaration;

  constructor(private readonly place: HTMLElement) {
    this.styles = getComputedStyle(document.documentElement);
    // It comes as a classic script, which a page's folder can hold as it is.
    const { uPlot: Plot } = globalThis as unknown as { readonly uPlot: typeof uPlot };
    this.plot = new Plot(this.options(), dataOf([], []), place);
    new ResizeObserver(() => this.plot.setSize({ width: place.clientWidth, height })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plot.redraw());
  }

  show({ lines, evaluations }: Run): void {
    this.plot.setData(dataOf(lines, evaluations));
  }

  private options(): uPlot.Options {
    const axis: uPlot.Axis = {
      font,
      stroke: this.color("text"),
      grid: { stroke: this.color("line"), width: 1 },
      ticks: { stroke: this.color("line"), width: 1, size: 4 },
    };
    const value: uPlot.Series.Value = (_, number: number | null) => (number === null ? "–" : formatValue(number));
    return {
      width: this.place.clientWidth,
      height,
      scales: { x: { time: false } },
      axes: [
        { ...axis, size: 30, incrs: wholeNumbers, label: "step", labelFont: font, labelSize: 20 },
        { ...axis, size: 56 },
      ],
      // Dragging would zoom into a curve that moves on.
      cursor: { drag: { x: false, y: false } },
      series: [
        { label: "step", value: (_, step: number | null) => step ?? "–" },
        { label: "each batch", stroke: this.color("raw"), width: 1, spanGaps: true, points: { show: false }, value },
        { label: "smoothed", stroke: this.color("smoothed"), width: 2, spanGaps: true, points: { show: false }, value },
        { label: "held out", stroke: this.color("heldOut"), width: 2, spanGaps: true, points: { show: true, size: 6, space: 0, fill: this.color("heldOut") }, value },
      ],
    };
  }

  private color(name: keyof typeof colors): () => string {
    return () => this.styles.getPropertyValue(colors[name]);
  }
}

/** By step: the loss of each batch, the smoothed loss, and the held-out loss where there is one. */
function dataOf(lines: Run["lines"], evaluations: Run["evaluations"]): uPlot.AlignedData {
  const heldOut: (number | null)[] = [];
  let next = 0;
  for (const i of lines.keys()) {
    // In long runs not every step has a line: an evaluation stands at the last one before it.
    const until = lines[i + 1]?.step ?? Infinity;
    let loss: number | null = null;
    for (; next < evaluations.length && evaluations[next]!.step < until; next++) loss = evaluations[next]!.held_out["loss"] ?? null;
    heldOut.push(loss);
  }
  return [lines.map(({ step }) => step), lines.map(({ loss }) => loss), lines.map(({ smoothed }) => smoothed), heldOut];
}
