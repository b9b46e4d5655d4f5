/** The matrix for a terminal. */

import pc from "picocolors";
import type { Matrix } from "../matrix.js";
import { type MatrixCell, matrixTable } from "./matrix-table.js";
import { printable } from "./printable.js";

export function matrixText(matrix: Matrix, isColored = false): string {
  const c = pc.createColors(isColored);
  const { title, heads, sections, notes } = matrixTable(printable(matrix));
  const text = ({ text: own, share }: MatrixCell) => (share === undefined || share === "" ? own : `${own} ${share}`);
  const names = Math.max(...sections.flatMap(({ rows }) => rows.map(({ name }) => name.length)));
  const widths = heads.map((head, i) => Math.max(head.length, ...sections.flatMap(({ rows }) => rows.map(({ cells }) => text(cells[i]!).length))));
  const tint = { base: (own: string) => own, changed: c.yellow, same: c.dim };
  const line = (name: string, cells: readonly string[]) => `  ${name.padEnd(names)}  ${cells.join("  ")}`.trimEnd();
  const lines = sections.flatMap(({ title: own, isNumber, rows }) => [
    ...(own === "" ? [] : ["", c.bold(own)]),
    ...rows.map(({ name, cells }) => line(name, cells.map((cell, i) => tint[cell.tone](isNumber ? text(cell).padStart(widths[i]!) : text(cell).padEnd(widths[i]!))))),
  ]);
  return `${[...(title === "" ? [] : [c.bold(title), ""]), c.bold(line("", heads.map((head, i) => head.padEnd(widths[i]!)))), ...lines, "", ...notes.map((note) => c.dim(note))].join("\n")}\n`;
}
