/** Line plots in text: each Braille character is a grid of 2 × 4 dots. */

import { formatCount, formatValue } from "./format.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Sizes are in characters. `width` is that of the whole plot, labels included; `height` that of the curve's area. */
export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Draws `points`, in ascending order of `x`, joined by lines; NaN and infinite values interrupt the curve. Returns the
 * lines of text, none of them wider than `width`; no lines when there is nothing to draw.
 */
export function plotLine(points: readonly Point[], options: PlotOptions): string[] {
  const finite = points.filter(isFinitePoint);
  if (finite.length === 0) return [];
  const { height } = options;
  const x = rangeOf(finite.map((point) => point.x));
  const y = rangeOf(finite.map((point) => point.y));
  const labels = verticalLabels(y, height);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  // In a very narrow terminal the curve is worth more than its labels.
  const showLabels = options.width >= labelWidth + 12;
  const margin = showLabels ? labelWidth + 2 : 1;
  const canvas = new Canvas(Math.max(1, options.width - margin), height);
  drawCurve(canvas, points, x, y);
  const rows = canvas.rows().map((row, i) => {
    const label = labels[i]!;
    const axis = label === "" ? "│" : "┤";
    return (showLabels ? `${label.padStart(labelWidth)} ${axis}` : "│") + row;
  });
  const indent = " ".repeat(margin - 1);
  const lines = [...rows, `${indent}└${"─".repeat(canvas.columns)}`];
  if (showLabels) {
    lines.unshift(`${indent}${options.title}`);
    lines.push(`${indent} ${horizontalLabels(x, options.xLabel, canvas.columns)}`);
  }
  return lines.map((line) => line.slice(0, options.width).trimEnd());
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function isFinitePoint({ x, y }: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function rangeOf(values: readonly number[]): Range {
  let from = Infinity;
  let to = -Infinity;
  for (const value of values) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  return { from, to };
}

/** Where `value` lies in the range, from 0 to 1; in the middle when the range is a single value. */
function place(value: number, { from, to }: Range): number {
  // Halving first keeps the difference of huge values finite.
  return from === to ? 0.5 : (value / 2 - from / 2) / (to / 2 - from / 2);
}

function drawCurve(canvas: Canvas, points: readonly Point[], x: Range, y: Range): void {
  let previous: [number, number] | undefined;
  for (const point of points) {
    if (!isFinitePoint(point)) {
      previous = undefined;
      continue;
    }
    const column = Math.round(place(point.x, x) * (canvas.columns * 2 - 1));
    const row = Math.round((1 - place(point.y, y)) * (canvas.height * 4 - 1));
    canvas.line(previous ?? [column, row], [column, row]);
    previous = [column, row];
  }
}

/** A label for each row: the largest value at the top, the smallest at the bottom, the middle one between them. */
function verticalLabels({ from, to }: Range, height: number): string[] {
  const labels = Array.from({ length: height }, () => "");
  const middle = Math.floor(height / 2);
  if (from === to) {
    labels[middle] = formatValue(from);
    return labels;
  }
  const share = (middle * 4 + 1.5) / (height * 4 - 1);
  labels[middle] = formatValue(to * (1 - share) + from * share);
  labels[height - 1] = formatValue(from);
  labels[0] = formatValue(to);
  return labels;
}

function horizontalLabels({ from, to }: Range, name: string, width: number): string {
  const left = formatCount(from);
  const right = from === to ? "" : formatCount(to);
  const space = width - left.length - right.length;
  const middle = space >= name.length + 2 ? name : "";
  const before = Math.floor((space - middle.length) / 2);
  return left + " ".repeat(before) + middle + " ".repeat(Math.max(0, space - middle.length - before)) + right;
}

/** The bit of each dot in a Braille character, by row and column. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A grid of `columns` × `height` characters whose dots can be set. */
class Canvas {
  private readonly cells: Uint8Array;

  constructor(
    readonly columns: number,
    readonly height: number,
  ) {
    this.cells = new Uint8Array(columns * height);
  }

  /** Sets the dots from one place to another, both given as column and row of dots, after Bresenham. */
  line([column, row]: readonly [number, number], [toColumn, toRow]: readonly [number, number]): void {
    const across = Math.abs(toColumn - column);
    const down = Math.abs(toRow - row);
    const stepAcross = Math.sign(toColumn - column);
    const stepDown = Math.sign(toRow - row);
    let error = across - down;
    for (let x = column, y = row; ;) {
      this.cells[(y >> 2) * this.columns + (x >> 1)]! |= dots[y & 3]![x & 1]!;
      if (x === toColumn && y === toRow) return;
      const doubled = 2 * error;
      if (doubled > -down) {
        error -= down;
        x += stepAcross;
      }
      if (doubled < across) {
        error += across;
        y += stepDown;
      }
    }
  }

  rows(): string[] {
    return Array.from({ length: this.height }, (_, row) =>
      Array.from(this.cells.subarray(row * this.columns, (row + 1) * this.columns), (cell) =>
        // An empty Braille character is drawn as small circles by some fonts.
        cell === 0 ? " " : String.fromCharCode(0x2800 + cell),
      ).join(""),
    );
  }
}
