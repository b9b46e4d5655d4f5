/// <reference lib="dom" />
/**
 * What happens in the page. Each function goes into the page as its own text, so that none may use anything outside of
 * itself but types and what browsers have.
 */

import type uPlot from "uplot";
import type { Curves, Line } from "../curves.js";
import type { Pen } from "./curves.js";

/** The curves as the page holds them. */
export interface CurveData {
  readonly curves: readonly (Curves & { readonly isWide: boolean })[];
  readonly pens: readonly Pen[];
  readonly stoppedDash: readonly number[];
}

/** Makes the heads of tables into buttons that sort the rows: by numbers where rows have them, missing ones last. */
export function sortTables(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>("table.sortable")) {
    const body = table.tBodies[0]!;
    const original = [...body.rows];
    for (const [column, head] of [...table.tHead!.rows[0]!.cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const turn = head.ariaSort === "ascending" ? "descending" : head.ariaSort === "descending" ? null : "ascending";
        for (const other of table.tHead!.rows[0]!.cells) other.ariaSort = null;
        head.ariaSort = turn;
        const sign = turn === "descending" ? -1 : 1;
        const keyOf = (row: HTMLTableRowElement) => {
          const cell = row.cells[column]!;
          return { number: cell.dataset["order"] === undefined ? NaN : Number(cell.dataset["order"]), text: cell.textContent };
        };
        const isNumeric = original.some((row) => !Number.isNaN(keyOf(row).number));
        const sorted = turn === null ? original : original.toSorted((a, b) => {
          const [one, other] = [keyOf(a), keyOf(b)];
          if (!isNumeric) return sign * one.text.localeCompare(other.text, "en");
          const missing = Number(Number.isNaN(one.number)) - Number(Number.isNaN(other.number));
          return missing === 0 && !Number.isNaN(one.number) ? sign * (one.number - other.number) : missing;
        });
        body.append(...sorted);
      });
    }
  }
}

/** Opens all details before printing, because paper has no clicks. */
export function openForPrint(): void {
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

/** Draws the curves in place of their static pictures, with a box to tick for every configuration. */
export function drawCurves({ curves, pens, stoppedDash }: CurveData, Plot: typeof uPlot): void {
  const styles = getComputedStyle(document.documentElement);
  const colorOf = (name: string) => styles.getPropertyValue(name).trim();
  const shown = new Map(pens.map(({ row, isShown }) => [row, isShown]));
  const penOf = new Map(pens.map((pen) => [pen.row, pen]));
  const height = 270;
  const font = "12px system-ui, sans-serif";
  const hint = "Point at a line to read its values. Drag to zoom, double-click to see all.";

  const seriesOf = ({ row, low, stopped }: Line): uPlot.Series[] => {
    const { color, dash, label } = penOf.get(row)!;
    const stroke = () => colorOf(color);
    const common = { show: shown.get(row)!, spanGaps: true, points: { show: false } };
    const line: uPlot.Series = { ...common, label: stopped === null ? label : `${label}, seed ${stopped}, which did not finish`, stroke, width: stopped === null ? 2 : 1, dash: [...(stopped === null ? dash : stoppedDash)] };
    return low === null ? [line] : [line, { ...common, label: "", width: 0 }, { ...common, label: "", width: 0 }];
  };

  const chartOf = (own: CurveData["curves"][number], figure: HTMLElement): uPlot => {
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${own.title} by step`);
    const readout = document.createElement("p");
    readout.className = "readout";
    readout.textContent = hint;
    figure.querySelector("svg")!.after(place, readout);
    figure.classList.add("live");

    const series: uPlot.Series[] = [{ label: "step" }];
    const data: (readonly (number | null)[])[] = [own.steps];
    const bands: uPlot.Band[] = [];
    /** The line that each series belongs to. */
    const lineOf: (Line | undefined)[] = [undefined];
    for (const line of own.lines) {
      if (line.low !== null) bands.push({ series: [series.length + 2, series.length + 1], fill: () => `color-mix(in srgb, ${colorOf(penOf.get(line.row)!.color)} 10%, transparent)` });
      series.push(...seriesOf(line));
      data.push(line.mean, ...(line.low === null ? [] : [line.low, line.high!]));
      lineOf.push(line, ...(line.low === null ? [] : [line, line]));
    }
    const axis: uPlot.Axis = { font, stroke: () => colorOf("--muted"), grid: { stroke: () => colorOf("--rule"), width: 1 }, ticks: { stroke: () => colorOf("--rule"), width: 1, size: 4 } };
    const showPoint = ({ cursor: { left = -1, top = -1, idx } }: uPlot): void => {
      readout.textContent = left < 0 || typeof idx !== "number" ? hint : nearest(own, idx, top);
    };
    /** What the line next to the pointer says. */
    const nearest = ({ steps, lines }: Curves, at: number, top: number): string => {
      const found = lines
        .filter((line) => shown.get(line.row)! && typeof line.mean[at] === "number")
        .map((line) => ({ line, distance: Math.abs(chart.valToPos(line.mean[at]!, "y") - top) }))
        .toSorted((a, b) => a.distance - b.distance)[0]?.line;
      if (found === undefined) return `step ${steps[at]}`;
      const span = found.low === null ? "" : ` (seeds ${found.low[at]} to ${found.high![at]})`;
      return `step ${steps[at]}: ${found.mean[at]}${span}, ${penOf.get(found.row)!.label}${found.stopped === null ? "" : `, seed ${found.stopped}, which did not finish`}`;
    };
    const chart: uPlot = new Plot(
      {
        width: place.clientWidth,
        height,
        series,
        bands,
        scales: { x: { time: false }, y: own.isWide ? { distr: 3 } : {} },
        axes: [{ ...axis, size: 30, label: "step", labelFont: font, labelSize: 20 }, { ...axis, size: 60 }],
        legend: { show: false },
        cursor: { points: { show: false }, drag: { x: true, y: false } },
        hooks: { setCursor: [showPoint] },
      },
      data as uPlot.AlignedData,
      place,
    );
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.redraw());
    boxes.push((row) => {
      for (const [i, line] of lineOf.entries()) if (line?.row === row) chart.setSeries(i, { show: shown.get(row)! });
    });
    return chart;
  };

  /** What a change of a configuration's box changes. */
  const boxes: ((row: number) => void)[] = [];
  const set = (row: number, isShown: boolean) => {
    if (shown.get(row) === isShown) return;
    shown.set(row, isShown);
    for (const change of boxes) change(row);
  };

  const list = document.querySelector<HTMLElement>("#lines")!;
  const inputs = new Map<number, HTMLInputElement>();
  const swatches = new Map([...list.querySelectorAll<HTMLElement>("li")].map((item) => [Number(item.dataset["row"]), item]));
  for (const { row, label } of pens) {
    const item = swatches.get(row)!;
    item.hidden = false;
    const input = document.createElement("input");
    input.type = "checkbox";
    input.checked = shown.get(row)!;
    input.addEventListener("change", () => set(row, input.checked));
    inputs.set(row, input);
    const field = document.createElement("label");
    field.title = label;
    field.append(input, ...item.childNodes);
    item.append(field);
  }
  const buttons = document.createElement("p");
  for (const [text, choose] of [["Show all", () => true], ["Show none", () => false], ["Show the first choice", ({ isShown }: Pen) => isShown]] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      for (const pen of pens) {
        inputs.get(pen.row)!.checked = choose(pen);
        set(pen.row, choose(pen));
      }
    });
    buttons.append(button, " ");
  }
  list.before(buttons);
  for (const [i, figure] of [...document.querySelectorAll<HTMLElement>("figure.curves")].entries()) chartOf(curves[i]!, figure);
}
