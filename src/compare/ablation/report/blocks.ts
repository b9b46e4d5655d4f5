/** A report as a sequence of blocks, which plain text and Markdown print each in its way. */

import type { Summary } from "./summary.js";
import { differencesTable, effectsTable, resultsTable, type Table } from "./tables.js";
import { commandOf, differencesLegend, effectNotes, effectsLegend, factsOf, type Fact, gapsList, headOf, highlightsOf, resultsLegend } from "./words.js";

export type Block =
  | { readonly kind: "title"; readonly text: string }
  | { readonly kind: "section"; readonly text: string }
  | { readonly kind: "subsection"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "facts"; readonly facts: readonly Fact[] }
  /** Names, each with what is said of it. */
  | { readonly kind: "list"; readonly items: readonly Fact[] }
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "command"; readonly text: string };

/** The blocks of a report: what it is of, values, main effects, paired differences, what is missing, and how to run it. */
export function blocksOf(summary: Summary): Block[] {
  const { results, columns, gaps } = summary;
  const numbers = [...columns.entries()].filter(([, { isList }]) => !isList);
  const axes = numbers[0]?.[1].effects.length ?? 0;
  const varied = summary.rows.length > 1;
  return [
    { kind: "title", text: `Ablation ${results.name}` },
    ...(results.documentation === "" ? [] : [paragraph(results.documentation)]),
    { kind: "facts", facts: factsOf(summary) },
    section("Results"),
    ...highlightsOf(summary).map(paragraph),
    { kind: "table", table: resultsTable(summary) },
    ...resultsLegend(summary).map(paragraph),
    ...(axes > 1 ? [section("Main effects"), ...effectsLegend.map(paragraph), ...numbers.flatMap(([i, column]) => [subsection(headOf(column)), table(effectsTable(summary, i)), ...effectNotes(column).map(paragraph)])] : []),
    ...(varied && numbers.length > 0 ? [section("Differences to the base"), ...differencesLegend(summary).map(paragraph), ...numbers.flatMap(([i, column]) => [subsection(headOf(column)), table(differencesTable(summary, i))])] : []),
    ...(gaps.length > 0 ? [section("Cells without results"), { kind: "list" as const, items: gapsList(summary) }] : []),
    section("Run it again"),
    { kind: "command", text: commandOf(results) },
  ];
}

function section(text: string): Block {
  return { kind: "section", text };
}

function subsection(text: string): Block {
  return { kind: "subsection", text };
}

function paragraph(text: string): Block {
  return { kind: "paragraph", text };
}

function table(own: Table): Block {
  return { kind: "table", table: own };
}
