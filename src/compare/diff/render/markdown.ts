/** A comparison as Markdown, of the kind with tables (GitHub's), short enough for a comment on a pull request. */

import { type Comparison, distinctChanges } from "../comparison.js";
import type { Landing } from "../landing.js";
import { landingTable } from "./landing-table.js";
import { type ChangeView, type SideView, type View, counted, partsOf, viewOf } from "./view.js";

export function comparisonMarkdown(comparison: Comparison): string {
  const { diffs, onlyBefore, onlyAfter } = comparison;
  const { shown, identical } = partsOf(comparison);
  const blocks = shown.flatMap((own) => diffBlocks(viewOf(own)));
  const closing = [
    ...(identical.length === 0 ? [] : [`Without differences: ${identical.map(code).join(", ")}.`]),
    ...(onlyBefore.length === 0 ? [] : [`Only ${code(comparison.before)} has ${onlyBefore.map(code).join(", ")}.`]),
    ...(onlyAfter.length === 0 ? [] : [`Only ${code(comparison.after)} has ${onlyAfter.map(code).join(", ")}.`]),
    ...(diffs.length > 1 ? [`${counted(diffs.length, "pair")} compared; ${counted(distinctChanges(comparison).length, "variable")} in all.`] : []),
  ];
  return `${[...blocks, ...closing].join("\n\n")}\n`;
}

function diffBlocks(view: View): string[] {
  return [
    `### A ${code(view.before)} → B ${code(view.after)}`,
    `**${view.label}**: ${prose(view.headline)}${view.forcedBy === undefined ? "" : `\\\nforced by ${code(view.forcedBy.name)}, ${code(view.forcedBy.place)}`}`,
    // A callout of GitHub's, which others show as a quotation.
    ...(view.warning === undefined ? [] : [`> [!WARNING]\n> ${prose(view.warning)}`]),
    ...changeTable("in the model", view.model),
    ...view.landings.flatMap(landingBlocks),
    ...costBlocks(view),
    ...(view.recipe.length === 0 ? [`Recipe: ${prose(view.recipeNote)}.`] : changeTable("in the recipe", view.recipe)),
    ...view.weights.map(({ title, items }) => details(title, items.map(({ name, count }) => `- ${code(name)}${count > 1 ? ` ${count}×` : ""}`).join("\n"))),
    `**${prose(view.tally)}**`,
  ];
}

function changeTable(where: string, changes: readonly ChangeView[]): string[] {
  if (changes.length === 0) return [];
  const side = (own: SideView | undefined) => (own === undefined ? "" : `${own.text.split("\n").map(code).join("<br>")}<br>${prose(own.place)}`);
  return [table([`differs ${where}`, "A", "B"], ["l", "l", "l"], changes.map(({ kind, name, before, after }) => [`${code(name)}<br>${kind}`, side(before), side(after)]))];
}

function landingBlocks(landing: Landing): string[] {
  const { stack, heads, rows, unchanged } = landingTable(landing, false);
  const lines = rows.map(({ site, count, cells }) => [`${code(site)}${count > 1 ? ` ${count}×` : ""}`, ...cells.map(({ text, tone }) => (text === "" ? "" : tone === "same" ? prose(text) : `**${prose(text)}**`))]);
  return [table([`where it lands in ${code(stack)}`, ...heads.map(prose)], ["l", ...heads.map(() => "l" as const)], lines), ...(unchanged === 0 ? [] : [`${counted(unchanged, "site")} unchanged.`])];
}

function costBlocks({ quantities, unchanged, conventions }: View): string[] {
  if (quantities.length === 0) return [`Costs: ${unchanged}.`];
  const rows = quantities.map(({ name, before, after, difference, share }) => [name, before, after, difference, share]);
  return [table(["costs", "A", "B", "Δ", "Δ %"], ["l", "r", "r", "r", "r"], rows), [...(unchanged === "" ? [] : [`${unchanged}.`]), ...conventions].join(" ")];
}

function details(summary: string, body: string): string {
  return `<details><summary>${prose(summary)}</summary>\n\n${body}\n\n</details>`;
}

/** @param sides `l` for texts, `r` for numbers. */
export function table(heads: readonly string[], sides: readonly ("l" | "r")[], rows: readonly (readonly string[])[]): string {
  return [heads, sides.map((side) => (side === "l" ? ":---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Text in which nothing means anything to Markdown. */
export function prose(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>|#~&!]/g, "\\$&");
}

/** Text as code, also in a table: there `|` ends a cell even in code. */
export function code(text: string): string {
  const line = oneLine(text).replaceAll("|", "\\|");
  const ticks = "`".repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([own]) => own.length)) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
