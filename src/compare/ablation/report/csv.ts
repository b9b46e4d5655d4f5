/** The values as a tidy table (Wickham, 2014), by RFC 4180: one line for every cell and reported value, for pandas, R or a spreadsheet. */

import type { Cell, Report } from "../results.js";
import { listIn, numberIn, type Summary } from "./summary.js";

/** The columns besides those of the factors. */
const own = ["configuration", "base", "seed", "cell", "status", "report", "index", "value", "parameters", "flops_per_step", "peak_bytes", "seconds", "error"] as const;

/**
 * Every value of every cell. `index` counts the elements of a list from 0 and is empty for a number; `value` is empty where
 * it is missing or not finite, and in cells that are not finished, which have lines all the same. A factor has its label for a head, or
 * `factor.LABEL` where another column has that.
 */
export function reportCsv({ results }: Summary): string {
  const { factors, configurations, reports, base } = results;
  const factorHeads = factors.map(({ label }) => ((own as readonly string[]).includes(label) ? `factor.${label}` : label));
  const [first, second, ...rest] = own;
  const lines: (string | number | null)[][] = [[first, second, ...factorHeads, ...rest]];
  for (const { name, choices, cost, cells } of configurations) {
    const factorValues = factors.map(({ label }) => choices[label]!);
    for (const cell of cells) {
      for (const report of reports) {
        for (const [index, value] of valuesOf(cell, report)) {
          const measured = [cell.seed, cell.name, cell.status, report.path, index, value];
          lines.push([name, name === base ? "true" : "false", ...factorValues, ...measured, cost.parameters, cost.flopsPerStep, cost.peakBytes, cell.seconds, cell.error ?? null]);
        }
      }
    }
  }
  return lines.map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

function valuesOf(cell: Cell, report: Report): [index: number | null, value: number | null][] {
  const list = listIn(cell, report);
  if (list !== null && list.length > 0) return [...list.entries()].map(([index, value]) => [index, finite(value)]);
  return [[null, numberIn(cell, report)]];
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function field(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
