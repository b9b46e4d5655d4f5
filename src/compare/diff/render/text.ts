/** A comparison for a terminal or a log. */

import pc from "picocolors";
import { type Comparison, distinctChanges } from "../comparison.js";
import type { Landing } from "../landing.js";
import { type CellView, type LandingTable, landingTable } from "./landing-table.js";
import { printable } from "./printable.js";
import { type ChangeView, type SideView, type View, counted, partsOf, viewOf } from "./view.js";

export type Colors = ReturnType<typeof pc.createColors>;

/** Tables of sites that are wider than this call norms by their names alone. */
const widest = 100;
/** Lists of weights that are longer are cut, with a count of the rest. */
const longestWeightList = 8;

/** @param more lines behind each diff, in the order of the diffs. */
export function comparisonText(compared: Comparison, isColored = false, more: readonly (readonly string[])[] = []): string {
  const colors = pc.createColors(isColored);
  const comparison = printable(compared);
  const { diffs, onlyBefore, onlyAfter } = comparison;
  const { shown, identical } = partsOf(comparison);
  const blocks = shown.map((own) => [...diffLines(viewOf(own), colors), ...printable(more[diffs.indexOf(own)] ?? [])].join("\n"));
  const closing = [
    ...(identical.length === 0 ? [] : [`without differences: ${identical.join(", ")}`]),
    ...(onlyBefore.length === 0 ? [] : [`${colors.red("-")} only ${comparison.before} has ${onlyBefore.join(", ")}`]),
    ...(onlyAfter.length === 0 ? [] : [`${colors.green("+")} only ${comparison.after} has ${onlyAfter.join(", ")}`]),
    ...(diffs.length > 1 ? [`${counted(diffs.length, "pair")} compared; ${counted(distinctChanges(comparison).length, "variable")} in all.`] : []),
  ];
  return `${[...blocks, ...(closing.length === 0 ? [] : [closing.join("\n")])].join("\n\n")}\n`;
}

function diffLines(view: View, c: Colors): string[] {
  return [
    `${c.bold("A")}  ${view.before}`,
    `${c.bold("B")}  ${view.after}`,
    "",
    `${levelColor(view, c)(c.bold(view.label))}: ${view.headline}`,
    ...(view.forcedBy === undefined ? [] : [`  forced by ${view.forcedBy.name}, ${view.forcedBy.place}`]),
    ...section("what differs in the model", changeLines(view.model, c), c),
    ...view.landings.flatMap((landing) => landingLines(landing, c)),
    ...view.weights.flatMap(({ title, items }) => {
      const shown = items.slice(0, longestWeightList).map(({ name, count }) => `  ${name}${count > 1 ? c.dim(`  ${count}×`) : ""}`);
      return section(title, items.length > shown.length ? [...shown, c.dim(`  and ${items.length - shown.length} more`)] : shown, c);
    }),
    ...quantityLines(view, c),
    ...(view.recipe.length === 0 ? ["", `${c.bold("recipe")}: ${view.recipeNote}`] : section("what differs in the recipe", changeLines(view.recipe, c), c)),
    ...(view.warning === undefined ? [] : ["", c.yellow(`! ${view.warning}`)]),
    "",
    c.bold(view.tally),
  ];
}

function levelColor({ label }: View, c: Colors): (text: string) => string {
  return label === "identical" || label === "same function" ? c.green : label === "new weights" ? c.red : c.yellow;
}

function section(title: string, lines: readonly string[], c: Colors): string[] {
  return lines.length === 0 ? [] : ["", c.bold(title), ...lines];
}

function changeLines(changes: readonly ChangeView[], c: Colors): string[] {
  const lines = (side: SideView | undefined) => side?.text.split("\n") ?? [];
  const width = Math.max(...changes.flatMap(({ before, after }) => [...lines(before), ...lines(after)].map(({ length }) => length)));
  const sideLines = (side: SideView | undefined, sign: "-" | "+", paint: (text: string) => string) => lines(side).map((line, i) => `      ${paint(`${sign} ${i === 0 ? line.padEnd(width) : line}`)}${i === 0 ? `  ${c.dim(side!.place)}` : ""}`);
  return changes.flatMap(({ sign, kind, name, before, after }) => [
    `  ${{ "~": c.yellow, "+": c.green, "-": c.red }[sign](sign)} ${c.bold(name)} ${c.dim(`(${kind})`)}`,
    ...sideLines(before, "-", c.red),
    ...sideLines(after, "+", c.green),
  ]);
}

function landingLines(landing: Landing, c: Colors): string[] {
  const long = landingTable(landing, false);
  const table = totalWidth(long) <= widest ? long : landingTable(landing, true);
  const widths = columnWidths(table);
  const line = (cells: readonly string[], paint: (text: string, i: number) => string) => `  ${cells.map((cell, i) => paint(cell.padEnd(widths[i]!), i)).join("  ").trimEnd()}`;
  const rows = table.rows.map(({ site, count, cells }) => line([site, count > 1 ? `${count}×` : "", ...cells.map(({ text }) => text)], (text, i) => (i < 2 ? text : tinted(cells[i - 2]!.tone, c)(text))));
  return [
    "",
    c.bold(`where it lands in ${table.stack}`),
    line(["site", "", ...table.heads], c.dim),
    ...rows,
    ...(table.unchanged === 0 ? [] : [c.dim(`  ${counted(table.unchanged, "site")} unchanged`)]),
    ...table.legend.map((text) => c.dim(`  ${text}`)),
  ];
}

function tinted(tone: CellView["tone"], c: Colors): (text: string) => string {
  return { changed: c.yellow, added: c.green, removed: c.red, same: c.dim, empty: c.dim }[tone];
}

function columnWidths({ heads, rows }: LandingTable): number[] {
  const lines = [["site", "", ...heads], ...rows.map(({ site, count, cells }) => [site, count > 1 ? `${count}×` : "", ...cells.map(({ text }) => text)])];
  return lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
}

function totalWidth(table: LandingTable): number {
  return columnWidths(table).reduce((total, width) => total + width + 2, 0);
}

function quantityLines({ quantities, unchanged, conventions }: View, c: Colors): string[] {
  const hidden = unchanged === "" ? [] : wrapped(unchanged).map((line) => c.dim(`  ${line}`));
  if (quantities.length === 0) return section("what it costs", hidden, c);
  const cells = [["", "A", "B", "Δ", "Δ %"], ...quantities.map(({ name, before, after, difference, share }) => [name, before, after, difference, share])];
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row, at) => `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : (at === 0 || i === 1 ? c.dim : (text: string) => text)(cell.padStart(widths[i]!)))).join("  ")}`.trimEnd());
  return section("what it costs", [...lines, ...hidden, ...conventions.map((text) => c.dim(`  ${text}`))], c);
}

/** A text in lines for the eye. */
function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + word.length >= widest - 2) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
