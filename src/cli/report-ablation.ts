/** `norm report`: what an ablation came out as, in the form that is asked for. */

import { join } from "node:path";
import pc from "picocolors";
import { collect } from "../compare/ablation/collect.js";
import { writeText } from "../compare/ablation/folder.js";
import { type Summary, reportCsv, reportHtml, reportJson, reportMarkdown, reportText, summarise } from "../compare/ablation/report/index.js";
import type { Results } from "../compare/ablation/results.js";

/** Prints the report of an ablation's folder. @throws RunError, FormatError when the folder is none, or damaged */
export async function report(folder: string, { format }: { readonly format: "text" | "md" | "csv" | "json" | "html" }): Promise<void> {
  const summary = summarise(collect(folder));
  process.stdout.write(await forms[format](summary));
}

const forms: Readonly<Record<"text" | "md" | "csv" | "json" | "html", (summary: Summary) => string | Promise<string>>> = {
  text: (summary) => reportText(summary, { colors: pc.isColorSupported && process.stdout.isTTY, ...(process.stdout.isTTY && { width: process.stdout.columns }) }),
  md: reportMarkdown,
  csv: reportCsv,
  json: reportJson,
  html: reportHtml,
};

/** Writes the report in every form into the ablation's folder, and gives its text. @throws SaveError */
export async function writeReports(folder: string, results: Results): Promise<string> {
  const summary = summarise(results);
  const plain = reportText(summary);
  for (const [name, text] of [["txt", plain], ["md", reportMarkdown(summary)], ["csv", reportCsv(summary)], ["json", reportJson(summary)], ["html", await reportHtml(summary)]] as const) {
    await writeText(join(folder, `report.${name}`), text);
  }
  return `${await forms.text(summary)}\n${join(folder, "report.html")} shows curves and box plots; report.md, .csv and .json lie beside it.\n`;
}
