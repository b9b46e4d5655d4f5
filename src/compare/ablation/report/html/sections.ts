/** The parts of the page, each with a sentence on what to look at. */

import { formatSeconds } from "../../../../runtime/format.js";
import type { Curves } from "../curves.js";
import type { Column, Row, Summary } from "../summary.js";
import { differencesTable, effectsTable, resultsTable } from "../tables.js";
import { commandOf, counted, differencesLegend, effectNotes, effectsLegend, factsOf, formOf, gapsList, headOf, highlightsOf, resultsLegend, valueText } from "../words.js";
import { byMerit, curvesSvg, type Pen } from "./curves.js";
import { escaped, typeset } from "./escape.js";
import { type BoxRow, boxesSvg, type IntervalRow, intervalsSvg } from "./plots.js";
import { tableHtml } from "./table.js";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What to look at. */
  readonly lead: string;
  readonly content: string;
}

/** Plots with more rows than this are no longer looked at. */
const mostRows = 30;

/** The sections that there is something for. */
export function sectionsOf(summary: Summary, curves: readonly Curves[], pens: readonly Pen[]): Section[] {
  const valued = [...summary.columns.keys()].filter((i) => summary.rows.some(({ values }) => values[i]!.mean !== null));
  const paired = valued.filter((i) => summary.rows.some(({ values }) => (values[i]!.difference?.count ?? 0) > 0));
  const crossed = valued.filter((i) => summary.columns[i]!.effects.length > 1);
  return [
    aboutSection(summary),
    resultsSection(summary),
    ...(crossed.length > 0 ? [effectsSection(summary, crossed)] : []),
    ...(paired.length > 0 ? [differencesSection(summary, paired)] : []),
    ...(valued.length > 0 ? [spreadSection(summary, valued)] : []),
    ...(curves.length > 0 ? [curvesSection(summary, curves, pens)] : []),
    ...(summary.rows.length > 1 ? [changesSection(summary)] : []),
    ...(summary.gaps.length > 0 ? [gapsSection(summary)] : []),
    runSection(summary),
  ];
}

function aboutSection(summary: Summary): Section {
  const facts = factsOf(summary).map(({ name, text }) => `<div><dt>${escaped(name)}</dt><dd>${escaped(text)}</dd></div>`);
  return {
    id: "about",
    title: "What was tried",
    lead: "An ablation trains the same recipe again and again, changing one decision or a few, to see what each decision is worth. A configuration is one choice of each; it is trained once for every seed, because chance alone makes runs differ.",
    content: `<dl>\n${facts.join("\n")}\n</dl>`,
  };
}

function resultsSection(summary: Summary): Section {
  const highlights = highlightsOf(summary).map((text) => `<li>${escaped(typeset(text))}</li>`);
  return {
    id: "results",
    title: "Results",
    lead: "One row for each configuration. Compare a value with its ±: what differs by less than that may be chance.",
    content: [highlights.length === 0 ? "" : `<ul class="highlights">${highlights.join("")}</ul>`, tableHtml(resultsTable(summary), "Results"), notes(resultsLegend(summary))].join("\n"),
  };
}

function effectsSection(summary: Summary, columns: readonly number[]): Section {
  const parts = columns.map((i) => {
    const column = summary.columns[i]!;
    const form = formOf(summary, i);
    const rows = column.effects.flatMap(({ axis, choices }) =>
      choices.flatMap(({ choice, isBase, difference, interval, verdict }): IntervalRow[] => {
        const label = `${axis.label} = ${choice}`;
        if (isBase) return [{ label: `${label} (base)`, text: "0", mean: 0, interval: null, verdict: null }];
        return difference === null ? [] : [{ label, text: typeset(form.difference(difference)), mean: difference, interval, verdict }];
      }),
    );
    return { rows, figure: figureHtml(column, intervalsSvg(rows, sideLabel(column, "the base's choice"), `Main effects on ${column.label}`)), table: `<h3>${escaped(headOf(column))}</h3>\n${tableHtml(effectsTable(summary, i), `Main effects on ${column.label}`)}\n${notes(effectNotes(column))}` };
  });
  return {
    id: "effects",
    title: "Main effects",
    lead: "What each choice does on average. The dot is the mean difference to the base's choice, the bar its interval: where the bar stays clear of the line at 0, the choice probably matters.",
    content: `<div class="plots">${parts.map(({ figure }) => figure).join("\n")}</div>\n${notes(effectsLegend)}\n<details><summary>The same in figures</summary>${parts.map(({ table }) => table).join("\n")}</details>`,
  };
}

function differencesSection(summary: Summary, columns: readonly number[]): Section {
  const figures = columns.map((i) => {
    const column = summary.columns[i]!;
    const form = formOf(summary, i);
    const { rows, left } = drawnRows(summary, i);
    const intervals = rows.flatMap(({ number, label, values }): IntervalRow[] => {
      const difference = values[i]!.difference;
      if (difference === null || difference.mean === null) return [];
      return [{ label: `#${number} ${label}`, text: typeset(form.difference(difference.mean)), mean: difference.mean, interval: difference.interval, verdict: difference.verdict }];
    });
    return figureHtml(column, intervalsSvg(intervals, sideLabel(column, "the base"), `Differences of ${column.label} to the base`), left);
  });
  const tables = columns.map((i) => {
    const column = summary.columns[i]!;
    return `<h3>${escaped(headOf(column))}</h3>\n${tableHtml(differencesTable(summary, i), `Differences of ${column.label} to the base`)}`;
  });
  return {
    id: "differences",
    title: "Differences to the base",
    lead: "Each configuration less the base, seed by seed, which takes out the luck that both share. A bar that touches the line at 0 may be noise alone; a hollow dot says so.",
    content: `<div class="plots">${figures.join("\n")}</div>\n${notes(differencesLegend(summary))}\n<details><summary>The same in figures</summary>${tables.join("\n")}</details>`,
  };
}

function spreadSection(summary: Summary, columns: readonly number[]): Section {
  const figures = columns.map((i) => {
    const column = summary.columns[i]!;
    const form = formOf(summary, i);
    const { rows, left } = drawnRows(summary, i);
    const boxes = rows.map(({ number, isBase, label, values, finished }): BoxRow => ({
      label: `#${number} ${isBase ? "base" : label}`,
      text: typeset(valueText(values[i]!, finished, form)),
      values: values[i]!.bySeed.filter((value) => value !== null),
      isBase,
    }));
    return figureHtml(column, boxesSvg(boxes, `${column.label} of every seed`), left);
  });
  return {
    id: "spread",
    title: "Spread over seeds",
    lead: "Each dot is one run. The box holds the middle half of a configuration's runs, its line is their median, and the whiskers reach to the outermost run within 1.5 box lengths. The dotted line is the base's mean.",
    content: `<div class="plots">${figures.join("\n")}</div>`,
  };
}

function curvesSection(summary: Summary, curves: readonly Curves[], pens: readonly Pen[]): Section {
  const several = new Set(curves.map(({ recipe }) => recipe)).size > 1;
  const figures = curves.map((own) => {
    const small = [several ? own.recipe : "", own.isThinned ? "each point a mean over a stretch of steps" : ""].filter((text) => text !== "").join("; ");
    return `<figure class="curves"><figcaption>${escaped(own.title)}${small === "" ? "" : ` <small>${escaped(small)}</small>`}</figcaption>${curvesSvg(own, pens)}</figure>`;
  });
  const lines = pens.map(
    ({ row, label, color, dash, isShown }) =>
      `<li data-row="${row}"${isShown ? "" : " hidden"}><svg width="28" height="10" aria-hidden="true"><line x1="1" x2="27" y1="5" y2="5" stroke="var(${color})" stroke-width="2.5"${dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`} /></svg><span>${escaped(label)}</span></li>`,
  );
  const shown = pens.filter(({ isShown }) => isShown).length;
  const band = summary.results.seeds.length > 1 ? " The line is the mean over seeds, the band behind it reaches from the lowest to the highest seed." : "";
  return {
    id: "curves",
    title: "Learning curves",
    lead: `How training went, by step.${band} Lines that still fall or rise at the right end would gain from longer training.`,
    content: `${notes([`${shown < pens.length ? `Shown first: ${shown} of ${pens.length} configurations, the base and the best means. ` : ""}A thin dotted line is a run that failed or was stopped.`])}
<ul id="lines">${lines.join("")}</ul>
<div class="plots wide">${figures.join("\n")}</div>`,
  };
}

function changesSection({ rows }: Summary): Section {
  const changes = rows.filter(({ isBase }) => !isBase).map(({ number, label, configuration }) => `<details><summary>#${number} ${escaped(label)}</summary><pre>${escaped(configuration.difference)}</pre></details>`);
  return { id: "changes", title: "What differs from the base", lead: "What a configuration's choices mean for the whole model, told as norm diff tells it. Open one to read it.", content: `<div class="list">\n${changes.join("\n")}\n</div>` };
}

function gapsSection(summary: Summary): Section {
  const items = gapsList(summary).map(({ name, text }) => `<h3><code>${escaped(name)}</code></h3>\n<pre class="error">${escaped(text)}</pre>`);
  return { id: "gaps", title: "Cells without results", lead: "These cells count in no mean, difference or interval. A configuration that often fails is a finding too.", content: items.join("\n") };
}

function runSection({ results }: Summary): Section {
  const cells = results.configurations.flatMap((configuration) => configuration.cells);
  const table = {
    columns: [{ head: "cell", isNumber: false }, { head: "seed", isNumber: true }, { head: "status", isNumber: false }, { head: "time", isNumber: true }, { head: "folder", isNumber: false }],
    rows: cells.map(({ name, seed, status, seconds, folder }) => ({ isBase: false, cells: [{ text: name }, { text: String(seed), order: seed }, { text: status }, { text: formatSeconds(seconds), order: seconds }, { text: folder }] })),
  };
  return {
    id: "run",
    title: "Run it again",
    lead: "The command runs the ablation, or what is left of it. Every cell's folder has its spec, its weights and its metrics; the same seed gives the same run.",
    content: `<pre>${escaped(commandOf(results))}</pre>\n<details><summary>All ${counted(cells.length, "cell", "cells")}</summary>${tableHtml(table, "Cells")}</details>`,
  };
}

/** What a plot draws: all rows, or the base and the best, or the first where nobody said which are good. */
function drawnRows(summary: Summary, column: number): { rows: readonly Row[]; left: number } {
  const { rows } = summary;
  if (rows.length <= mostRows) return { rows, left: 0 };
  const kept = new Set([...rows.filter(({ isBase }) => isBase), ...byMerit(summary, column)].slice(0, mostRows + 1));
  return { rows: rows.filter((row) => kept.has(row)), left: rows.length - kept.size };
}

function figureHtml(column: Column, svg: string, left = 0): string {
  const small = left === 0 ? "" : ` <small>the base and the ${mostRows} ${column.report.best === undefined ? "first" : "best"}; ${left} more are in the table</small>`;
  return `<figure><figcaption>${escaped(headOf(column))}${small}</figcaption>${svg}</figure>`;
}

/** What stands below an axis of differences. */
function sideLabel({ report: { best } }: Column, to: string): string {
  return `difference to ${to}${best === undefined ? "" : best === "highest" ? ", right is better" : ", left is better"}`;
}

function notes(texts: readonly string[]): string {
  return texts.map((text) => `<p class="note">${escaped(text)}</p>`).join("\n");
}
