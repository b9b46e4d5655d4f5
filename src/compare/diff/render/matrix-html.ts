/** The matrix as one HTML page. */

import { escaped } from "../../ablation/report/html/escape.js";
import type { Matrix } from "../matrix.js";
import { type MatrixSection, matrixTable } from "./matrix-table.js";
import { page, scrolling } from "./page.js";

export function matrixHtml(matrix: Matrix): string {
  const { title, heads, sections, notes } = matrixTable(matrix);
  const columns = heads.map((head) => `<th scope="col"><code>${escaped(head)}</code></th>`).join("");
  const table = `<table><thead><tr><th scope="col"></th>${columns}</tr></thead>\n<tbody>${sections.map((own) => sectionHtml(own, heads.length)).join("\n")}</tbody></table>`;
  const name = title === "" ? `${heads[0]} and its variants` : `${title}: ${heads[0]} and its variants`;
  return page(name, `<h1>${escaped(name)}</h1>\n${scrolling(table, name)}\n${notes.map((note) => `<p class="muted small">${escaped(note)}</p>`).join("\n")}`);
}

function sectionHtml({ title, isNumber, rows }: MatrixSection, columns: number): string {
  const head = title === "" ? [] : [`<tr class="section"><th colspan="${columns + 1}" scope="rowgroup">${escaped(title)}</th></tr>`];
  const isCode = title !== "" && !isNumber;
  const text = (own: string) => (isCode && own !== "·" && own !== "—" ? `<code>${escaped(own)}</code>` : escaped(own));
  const lines = rows.map(({ name, cells }) => {
    const own = cells.map(({ text: content, share = "", tone }) => {
      const classes = [...(isNumber ? ["number"] : []), ...(tone === "same" || (tone === "changed" && !isNumber) ? [tone] : [])];
      return `<td${classes.length === 0 ? "" : ` class="${classes.join(" ")}"`}>${text(content)}${share === "" ? "" : `<br><span class="muted small">${escaped(share.replaceAll("-", "−"))}</span>`}</td>`;
    });
    return `<tr><th scope="row">${isCode ? `<code>${escaped(name)}</code>` : escaped(name)}</th>${own.join("")}</tr>`;
  });
  return [...head, ...lines].join("\n");
}
