/** What reports say in words, the same in every form. */

import { formatSeconds } from "../../../runtime/format.js";
import type { Results } from "../results.js";
import { confidence, resamples } from "./bootstrap.js";
import { type NumberForm, numberForm } from "./numbers.js";
import type { Verdict } from "./paired.js";
import type { Column, Gap, Row, Statistic, Summary } from "./summary.js";

export const marks = { best: "★", tied: "≈" } as const;

/** Below this many seeds an interval is rough, and what it says gets a question mark. */
const enoughSeeds = 5;

/** How numbers of a column are written. */
export function formOf({ rows }: Summary, column: number): NumberForm {
  const statistics = rows.map(({ values }) => values[column]!);
  return numberForm(
    statistics.flatMap(({ mean, elements }) => [mean, ...(elements ?? [])]).filter((value) => value !== null),
    statistics.flatMap(({ deviation }) => (deviation === null ? [] : [deviation])),
  );
}

/** `accuracy ↑` where high values are the good ones. */
export function headOf({ label, report }: Column): string {
  return report.best === undefined ? label : `${label} ${report.best === "highest" ? "↑" : "↓"}`;
}

/** `0.9812 ± 0.0031`, with the number of seeds where some of the finished ones have no value. */
export function valueText({ mean, deviation, elements, count }: Statistic, finished: number, form: NumberForm): string {
  const some = count > 0 && count < finished ? ` (${count})` : "";
  if (elements !== null) return elements.length === 0 ? "–" : `${listText(elements, form)}${some}`;
  if (mean === null) return "–";
  return `${form.value(mean)}${deviation === null ? "" : ` ± ${form.value(deviation)}`}${some}`;
}

function listText(elements: readonly (number | null)[], form: NumberForm): string {
  const text = (value: number | null | undefined) => (value === null || value === undefined ? "–" : form.value(value));
  return elements.length < 3 ? `[${elements.map(text).join(", ")}]` : `${text(elements[0])} … ${text(elements.at(-1))} (list of ${elements.length})`;
}

/** What an interval over so many seeds says: `better`, or `better?` where seeds are few. */
export function verdictText(verdict: Verdict | null, seeds: number): string {
  if (verdict === null) return "–";
  return verdict === "unclear" || seeds >= enoughSeeds ? verdict : `${verdict}?`;
}

/** `3`, or `2 of 3`. */
export function seedsText(count: number, all: number): string {
  return count === all ? String(all) : `${count} of ${all}`;
}

export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** What the ablation is. */
export function factsOf({ results, rows, columns, cells }: Summary): Fact[] {
  const { factors, seeds, spec } = results;
  const total = Object.values(cells).reduce((sum, count) => sum + count, 0);
  const unfinished = (["failed", "unfinished", "waiting"] as const).filter((status) => cells[status] > 0).map((status) => `${cells[status]} ${status}`);
  const time = results.configurations.flatMap((configuration) => configuration.cells).reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    { name: "spec", text: spec },
    ...factors.map(({ label, path, choices }) => ({ name: `varies ${label}`, text: `${choices.join(", ")}${path === label ? "" : ` (${path})`}` })),
    { name: "reports", text: columns.map(({ report: { path, best } }) => `${path}${best === undefined ? "" : ` (${best} is best)`}`).join(", ") },
    { name: "base", text: rows.find(({ isBase }) => isBase)!.label },
    { name: "cells", text: `${counted(rows.length, "configuration", "configurations")} × ${counted(seeds.length, "seed", "seeds")} (${seeds.join(", ")}) = ${total}: ${[`${cells.finished} finished`, ...unfinished].join(", ")}` },
    { name: "time", text: `${formatSeconds(time)} of training and evaluation in all` },
  ];
}

/** The best configuration of every column that has one, in a sentence. */
export function highlightsOf(summary: Summary): string[] {
  return summary.columns.flatMap((column, i) => {
    const form = formOf(summary, i);
    const marked = (mark: string) => summary.rows.filter(({ values }) => values[i]!.mark === mark);
    const best = marked("best");
    if (best.length === 0) return [];
    const tied = marked("tied").length;
    const others = tied === 0 ? "" : ` ${counted(tied, "other configuration", "other configurations")} (${marks.tied}) cannot be told from ${best.length === 1 ? "it" : "the first of these"}.`;
    return [`Best ${column.label}: ${best.map((row) => bestText(row, row.values[i]!, form)).join("; ")}.${others}${beyondText(summary, i, best[0]!)}`];
  });
}

/** Who has a better mean than the best, but over fewer seeds. */
function beyondText({ rows, columns }: Summary, column: number, best: Row): string {
  const sign = columns[column]!.report.best === "highest" ? 1 : -1;
  const beyond = rows.filter(({ values }) => values[column]!.mean !== null && sign * (values[column]!.mean! - best.values[column]!.mean!) > 0);
  if (beyond.length === 0) return "";
  return ` ${beyond.map(({ number }) => `#${number}`).join(", ")} ${beyond.length === 1 ? "has a better mean" : "have better means"}, but over fewer seeds.`;
}

function bestText(row: Row, statistic: Statistic, form: NumberForm): string {
  const { difference } = statistic;
  const value = `${rowName(row)} with ${valueText(statistic, row.finished, form)}`;
  if (difference === null || difference.mean === null) return value;
  const { mean, interval } = difference;
  return `${value}, ${form.difference(mean)} against the base${interval === null ? "" : `, interval ${form.interval(interval)}`}`;
}

/** `#7 (cls = batch)`, or `#1 (the base)`. */
export function rowName({ number, isBase, label }: Row): string {
  return `#${number} (${isBase ? "the base" : label})`;
}

/** How to read the table of results. */
export function resultsLegend({ columns, results, rows }: Summary): string[] {
  const numbers = columns.some(({ isList }) => !isList);
  const isMarked = rows.some(({ values }) => values.some(({ mark }) => mark !== null));
  const undirected = columns.filter(({ report, isList }) => report.best === undefined && !isList).map(({ label }) => label);
  return [
    results.seeds.length === 1
      ? "Values of one seed: nothing is known of the noise, so there are no deviations and no intervals, and small differences mean nothing."
      : `${numbers ? "Means ± sample standard deviations (n − 1)" : "Means"} over the seeds of finished cells; a lone value has no deviation. Fewer seeds than planned are said as “2 of 3”, and beside a value, as (2), where only it is missing.`,
    ...(columns.some(({ isList }) => isList) ? ["Of lists the first and the last element are shown, each a mean over seeds; the CSV and JSON reports have all."] : []),
    ...(isMarked
      ? [
          `${marks.best} is the best mean; ${marks.tied} cannot be told from it: the ${percent} interval of its paired difference to the best holds 0. Only configurations with the most seeds are marked, because one that lost seeds may have kept the lucky ones.`,
        ]
      : []),
    ...(undirected.length > 0 ? [`Nobody said whether high or low values of ${undirected.join(", ")} are good, so none is marked.`] : []),
    "Parameters, floating-point operations and peak memory are computed from the spec; seconds are measured, the mean of finished cells.",
  ];
}

export const effectsLegend = [
  "A choice's mean is over all runs that have it, whatever else they have. Its difference to the base's choice is taken within each combination of the other factors and each seed, and then averaged; its interval comes from drawing seeds.",
  "An average may hide that a choice helps here and hurts there: the span has the lowest and the highest difference among the combinations of the other factors.",
];

/** What of a column's main effects rests on a part of the runs only. */
export function effectNotes({ effects }: Column): string[] {
  return effects.flatMap(({ axis, isBalanced, combinations, allCombinations }) => {
    if (!isBalanced) return [`${axis.label}: no combination of the other factors has a value for every choice, so these means are over different combinations, and are not compared.`];
    if (combinations === allCombinations) return [];
    return [`${axis.label}: over ${combinations} of ${allCombinations} combinations of the other factors, those that have a value for every choice.`];
  });
}

/** How to read differences, and how far to trust them. */
export function differencesLegend({ rows, results }: Summary): string[] {
  const counts = rows.flatMap(({ values }) => values.flatMap(({ difference }) => (difference === null || difference.count === 0 ? [] : [difference.count])));
  const fewest = Math.min(...counts.filter((count) => count > 1));
  if (fewest === Infinity) return [results.seeds.length === 1 ? "Of one seed, so without intervals: whether a difference is more than noise cannot be said." : "No configuration shares two finished seeds with the base, so there are no intervals yet."];
  return [
    `Differences are paired: a configuration less the base, in the same seed. Their mean has a ${percent} bootstrap interval (percentile; Efron and Tibshirani, 1993, chapter 13; ${resamples.toLocaleString("en")} resamples of the seeds). “Unclear” is an interval that holds 0. Each interval is for one comparison alone: in a long list, some leave out 0 by chance.`,
    ...roughText(new Set(counts)),
  ];
}

/** Of 2 or 3 values, more than 2.5 % of resamples are one value over and over, so that the interval ends at the outermost ones. */
function roughText(counts: ReadonlySet<number>): string[] {
  const chance = [...(counts.has(2) ? ["of two seeds half"] : []), ...(counts.has(3) ? ["of three a quarter"] : [])].join(", and ");
  const reasons = [
    ...(chance === "" ? [] : [`an interval from two or three seeds just reaches from the lowest to the highest difference: if there were only noise, ${chance} would leave out 0`]),
    ...(counts.has(4) ? ["an interval from four seeds is too narrow"] : []),
  ];
  return reasons.length === 0 ? [] : [`Few seeds: ${reasons.join("; ")}. Hence the question marks; five seeds or more say more.`];
}

/** What is missing of a cell. */
function gapText({ status, error, missing }: Gap): string {
  if (error !== null) return `failed: ${error}`;
  if (status === "finished") return `finished, but ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing or not finite`;
  return status === "waiting" ? "waiting to run" : "begun and not finished";
}

/** Cells that only wait are counted from this many on; rows say how many seeds they have. */
const mostWaiting = 10;

/** Everything that is missing, the failures first. */
export function gapsList({ gaps }: Summary): Fact[] {
  const named = (some: readonly Gap[]) => some.map((gap) => ({ name: gap.cell, text: gapText(gap) }));
  const waiting = gaps.filter(({ status }) => status === "waiting");
  const others = gaps.filter(({ status }) => status !== "waiting").toSorted((a, b) => Number(b.status === "failed") - Number(a.status === "failed"));
  return [...named(others), ...(waiting.length <= mostWaiting ? named(waiting) : [{ name: `${waiting.length} cells`, text: "waiting to run; the column of seeds says where" }])];
}

/** The command that runs the ablation, or the rest of it. */
export function commandOf({ spec, name }: Results): string {
  const target = `${spec}#${name}`;
  return `norm ablate ${/^[\w./#-]+$/.test(target) ? target : `'${target.replaceAll("'", `'\\''`)}'`}`;
}

export const percent = `${100 * confidence} %`;

export function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
