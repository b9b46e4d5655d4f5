/** The tables of a report, before they take a form. */

import { formatBytes, formatCount, formatSeconds } from "../../../runtime/format.js";
import type { Mark } from "./best.js";
import type { Verdict } from "./paired.js";
import type { Summary } from "./summary.js";
import { formOf, headOf, marks, percent, seedsText, valueText, verdictText } from "./words.js";

export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

export interface TableColumn {
  readonly head: string;
  /** Numbers stand at the right. */
  readonly isNumber: boolean;
}

export interface TableRow {
  readonly isBase: boolean;
  readonly cells: readonly TableCell[];
}

export interface TableCell {
  readonly text: string;
  readonly tone?: Mark | Verdict;
  /** What rows are sorted by in this column, where that is not the text. */
  readonly order?: number;
}

/** A row for every configuration: its choices, its values and its cost. */
export function resultsTable(summary: Summary): Table {
  const { results, columns, rows } = summary;
  const forms = columns.map((_, i) => formOf(summary, i));
  return {
    columns: [
      number("#"),
      ...results.factors.map(({ label }) => words(label)),
      number("seeds"),
      ...columns.map((column) => number(headOf(column))),
      ...["parameters", "FLOPs/step", "peak memory", "seconds"].map(number),
    ],
    rows: rows.map((row) => ({
      isBase: row.isBase,
      cells: [
        { text: row.isBase ? `base ${row.number}` : String(row.number), order: row.number },
        ...results.factors.map(({ label }) => ({ text: row.configuration.choices[label]! })),
        { text: seedsText(row.finished, results.seeds.length), order: row.finished },
        ...row.values.map((statistic, i): TableCell => {
          const text = valueText(statistic, row.finished, forms[i]!);
          return { text: statistic.mark === null ? text : `${text} ${marks[statistic.mark]}`, ...toned(statistic.mark), ...sorted(statistic.mean) };
        }),
        { text: formatCount(row.configuration.cost.parameters), order: row.configuration.cost.parameters },
        { text: formatCount(row.configuration.cost.flopsPerStep), order: row.configuration.cost.flopsPerStep },
        { text: formatBytes(row.configuration.cost.peakBytes), order: row.configuration.cost.peakBytes },
        { text: row.seconds === null ? "–" : formatSeconds(row.seconds), ...sorted(row.seconds) },
      ],
    })),
  };
}

/** The main effects on one column. */
export function effectsTable(summary: Summary, column: number): Table {
  const form = formOf(summary, column);
  return {
    columns: [words("factor"), words("choice"), number("runs"), number("mean"), number("difference"), number(`${percent} interval`), number("span"), words("verdict")],
    rows: summary.columns[column]!.effects.flatMap(({ axis, choices, seeds }) =>
      choices.map(({ choice, isBase, runs, mean, difference, interval, range, verdict }) => ({
        isBase: false,
        cells: [
          { text: axis.label },
          { text: choice },
          { text: String(runs), order: runs },
          { text: mean === null ? "–" : form.value(mean), ...sorted(mean) },
          { text: isBase ? "base" : difference === null ? "–" : form.difference(difference), ...sorted(difference) },
          { text: interval === null ? "–" : form.interval(interval), ...sorted(interval?.[0]) },
          { text: range === null ? "–" : `${form.difference(range[0])} … ${form.difference(range[1])}`, ...sorted(range?.[0]) },
          { text: verdictText(verdict, seeds), ...toned(verdict) },
        ],
      })),
    ),
  };
}

/** The paired differences of one column, of every configuration but the base. */
export function differencesTable(summary: Summary, column: number): Table {
  const form = formOf(summary, column);
  return {
    columns: [number("#"), words("against the base"), number("seeds"), number("difference"), number(`${percent} interval`), number("higher in"), words("verdict")],
    rows: summary.rows.flatMap(({ number, label, values }) => {
      const { difference } = values[column]!;
      if (difference === null) return [];
      const { count, mean, interval, higher, verdict } = difference;
      return {
        isBase: false,
        cells: [
          { text: String(number), order: number },
          { text: label },
          { text: String(count), order: count },
          { text: mean === null ? "–" : form.difference(mean), ...sorted(mean) },
          { text: interval === null ? "–" : form.interval(interval), ...sorted(interval?.[0]) },
          { text: count === 0 ? "–" : `${higher} of ${count}`, order: higher },
          { text: verdictText(verdict, count), ...toned(verdict) },
        ],
      };
    }),
  };
}

function number(head: string): TableColumn {
  return { head, isNumber: true };
}

function words(head: string): TableColumn {
  return { head, isNumber: false };
}

function toned(tone: Mark | Verdict | null): Pick<TableCell, "tone"> {
  return tone === null ? {} : { tone };
}

function sorted(order: number | null | undefined): Pick<TableCell, "order"> {
  return order === null || order === undefined ? {} : { order };
}
