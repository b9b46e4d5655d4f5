/** The matrix as a table in Markdown. */

import type { Matrix } from "../matrix.js";
import { code, prose, table } from "./markdown.js";
import { matrixTable } from "./matrix-table.js";

export function matrixMarkdown(matrix: Matrix): string {
  const { title, heads, sections, notes } = matrixTable(matrix);
  const rows = sections.flatMap(({ title: own, isNumber, rows: lines }) => [
    ...(own === "" ? [] : [[`**${own}**`, ...heads.map(() => "")]]),
    ...lines.map(({ name, cells }) => [isNumber || own === "" ? prose(name) : code(name), ...cells.map(({ text, share = "", tone }) => (["", "·", "—"].includes(text) ? text : own === "" || isNumber ? `${tone === "changed" && !isNumber ? `**${prose(text)}**` : prose(text)}${share === "" ? "" : ` (${share})`}` : code(text)))]),
  ]);
  const grid = table([title === "" ? "" : code(title), ...heads.map(code)], ["l", ...heads.map(() => "r" as const)], rows);
  return `${[grid, ...notes.map(prose)].join("\n\n")}\n`;
}
