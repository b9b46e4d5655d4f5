/** Tables in HTML. They are complete without scripts, and with them sorted by a click on a head. */

import type { Table, TableCell } from "../tables.js";
import { escaped, typeset } from "./escape.js";

/** @param label what the table is, for readers who do not see it. */
export function tableHtml({ columns, rows }: Table, label: string): string {
  const heads = columns.map(({ head, isNumber }) => `<th scope="col"${isNumber ? ` class="number"` : ""}>${escaped(head)}</th>`).join("");
  const lines = rows.map(({ cells, isBase }) => `<tr${isBase ? ` class="base"` : ""}>${cells.map((cell, i) => cellHtml(cell, columns[i]!.isNumber)).join("")}</tr>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(label)}">
<table class="sortable">
<thead><tr>${heads}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>
</div>`;
}

function cellHtml({ text, tone, order }: TableCell, isNumber: boolean): string {
  const classes = [...(isNumber ? ["number"] : []), ...(tone === undefined ? [] : [tone])];
  const attributes = `${classes.length === 0 ? "" : ` class="${classes.join(" ")}"`}${order === undefined ? "" : ` data-order="${order}"`}`;
  return `<td${attributes}>${escaped(isNumber ? typeset(text) : text)}</td>`;
}
