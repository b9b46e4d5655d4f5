/** A comparison as one HTML page. */

import { escaped } from "../../ablation/report/html/escape.js";
import { type Comparison, distinctChanges } from "../comparison.js";
import type { Diff } from "../diff.js";
import type { Landing } from "../landing.js";
import { type CellView, landingTable } from "./landing-table.js";
import { page, scrolling } from "./page.js";
import { type ChangeView, type SideView, type View, counted, partsOf, viewOf } from "./view.js";

export function comparisonHtml(comparison: Comparison): string {
  const { shown, identical } = partsOf(comparison);
  const { before, after, diffs, onlyBefore, onlyAfter } = comparison;
  const names = (all: readonly string[]) => all.map(code).join(", ");
  const closing = [
    ...(identical.length === 0 ? [] : [`Without differences: ${names(identical)}.`]),
    ...(onlyBefore.length === 0 ? [] : [`Only ${code(before)} has ${names(onlyBefore)}.`]),
    ...(onlyAfter.length === 0 ? [] : [`Only ${code(after)} has ${names(onlyAfter)}.`]),
    ...(diffs.length > 1 ? [`${counted(diffs.length, "pair")} compared; ${counted(distinctChanges(comparison).length, "variable")} in all.`] : []),
  ];
  const body = [...shown.map(diffHtml), ...(closing.length === 0 ? [] : [`<article>${closing.map((text) => `<p>${text}</p>`).join("\n")}</article>`])];
  return page(`${before} → ${after}`, body.join("\n"));
}

function diffHtml(diff: Diff): string {
  const view = viewOf(diff);
  const parts = [
    `<h1><span class="side-name">A</span> ${code(view.before)}<br><span class="side-name">B</span> ${code(view.after)}</h1>`,
    `<div class="verdict ${diff.verdict.level.replace(" ", "-")}"><strong>${escaped(view.label)}</strong>: ${escaped(view.headline)}${view.forcedBy === undefined ? "" : `<br><span class="muted">forced by ${code(view.forcedBy.name)}, ${escaped(view.forcedBy.place)}</span>`}</div>`,
    ...(view.warning === undefined ? [] : [`<p class="warning">${escaped(view.warning)}</p>`]),
    ...changesHtml("What differs in the model", view.model),
    ...view.landings.map(landingHtml),
    costsHtml(view),
    ...(view.recipe.length === 0 ? [`<h2>Recipe</h2>\n<p>${escaped(view.recipeNote)}</p>`] : changesHtml("What differs in the recipe", view.recipe)),
    ...view.weights.map(({ title, items }) => `<details><summary>${escaped(title)}</summary><ul>${items.map(({ name, count }) => `<li>${code(name)}${count > 1 ? ` <span class="muted">${count}×</span>` : ""}</li>`).join("\n")}</ul></details>`),
    `<p class="tally">${escaped(view.tally)}</p>`,
  ];
  return `<article>\n${parts.join("\n")}\n</article>`;
}

function changesHtml(title: string, changes: readonly ChangeView[]): string[] {
  if (changes.length === 0) return [];
  const side = (own: SideView | undefined, which: "old" | "new") => (own === undefined
    ? `<div class="side absent">${which === "old" ? "not in A" : "not in B"}</div>`
    : `<div class="side ${which}">${code(own.text)}<span class="place">${escaped(own.place)}</span></div>`);
  return [`<h2>${title}</h2>`, ...changes.map(({ kind, name, before, after }) => `<div class="change"><p>${code(name)} <span class="muted">${kind}</span></p><div class="sides">${side(before, "old")}${side(after, "new")}</div></div>`)];
}

function landingHtml(landing: Landing): string {
  const { stack, heads, rows, unchanged } = landingTable(landing, false);
  const lines = rows.map(({ site, count, cells }) => `<tr><th scope="row">${code(site)}${count > 1 ? ` <span class="muted">${count}×</span>` : ""}</th>${cells.map(cellHtml).join("")}</tr>`);
  const title = `Where it lands in ${stack}`;
  const table = `<table><thead><tr><th scope="col">site</th>${heads.map((head) => `<th scope="col">${escaped(head)}</th>`).join("")}</tr></thead>\n<tbody>${lines.join("\n")}</tbody></table>`;
  return `<h2>${escaped(title)}</h2>\n${scrolling(table, title)}${unchanged === 0 ? "" : `<p class="muted small">${counted(unchanged, "site")} unchanged</p>`}`;
}

function cellHtml({ text, tone, before, after }: CellView): string {
  return `<td class="${tone}">${tone === "changed" ? `<del>${escaped(before!)}</del> <ins>${escaped(after!)}</ins>` : escaped(text)}</td>`;
}

function costsHtml({ quantities, unchanged, conventions }: View): string {
  if (quantities.length === 0) return `<h2>What it costs</h2>\n<p>${escaped(unchanged)}</p>`;
  const rows = quantities.map(({ name, before, after, difference, share }) => `<tr><th scope="row">${escaped(name)}</th>${[before, after, difference, share].map((text) => `<td class="number">${escaped(text.replaceAll("-", "−"))}</td>`).join("")}</tr>`);
  const table = `<table><thead><tr><th scope="col"></th>${["A", "B", "Δ", "Δ %"].map((head) => `<th scope="col" class="number">${head}</th>`).join("")}</tr></thead>\n<tbody>${rows.join("\n")}</tbody></table>`;
  return `<h2>What it costs</h2>\n${scrolling(table, "What it costs")}\n${[unchanged, ...conventions].filter((text) => text !== "").map((text) => `<p class="muted small">${escaped(text)}</p>`).join("\n")}`;
}

function code(text: string): string {
  // A path may be broken behind its dots.
  return `<code>${escaped(text).replaceAll(".", ".<wbr>")}</code>`;
}
