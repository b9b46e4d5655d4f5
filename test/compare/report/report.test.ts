/** The reports in text, Markdown, CSV and JSON. */

import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { ParserOptions } from "prettier";
import { parsers } from "prettier/plugins/markdown";
import { expect, test } from "vitest";
import { keyOf, permutation } from "../../../src/random/threefry.js";
import type { Results } from "../../../src/compare/ablation/results.js";
import { type AblationReport, reportCsv, reportJson, reportMarkdown, reportText, type Summary, summarise } from "../../../src/compare/ablation/report/index.js";
import { failed, hostile, hostileResults, sampleFactors, sampleResults, smallResults, troubledResults, waiting } from "./sample.js";

test("golden: text, Markdown and CSV", async () => {
  const summary = summarise(smallResults());
  await expect(reportText(summary, { width: 110 })).toMatchFileSnapshot("golden/report.txt");
  await expect(reportMarkdown(summary)).toMatchFileSnapshot("golden/report.md");
  await expect(reportCsv(summary).replaceAll("\r\n", "\n")).toMatchFileSnapshot("golden/report.csv");
});

test("the order of configurations and cells changes nothing", () => {
  const results = smallResults();
  const expected = reportJson(summarise(results));
  const shuffled = <Item>(items: readonly Item[], seed: number) => [...permutation(keyOf(seed, "order", 0), items.length)].map((i) => items[i]!);
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const configurations = shuffled(results.configurations, seed).map((configuration, i) => ({ ...configuration, cells: shuffled(configuration.cells, seed + i) }));
      expect(reportJson(summarise({ ...results, configurations }))).toBe(expected);
    }),
    { numRuns: 5 },
  );
});

test("a cell that fails or waits changes no other configuration's numbers", () => {
  const results = sampleResults({ epochs: 1, steps: 1, factors: sampleFactors.slice(0, 2) });
  const before = summarise(results);
  const numbersOf = ({ rows }: Summary, but: number) => rows.filter((_, i) => i !== but).map(({ finished, values }) => [finished, ...values.map(({ mean, deviation, difference }) => [mean, deviation, difference])]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: results.configurations.length - 1 }), fc.nat(2), fc.boolean(), (row, seed, fails) => {
      const configurations = results.configurations.map((configuration, i) =>
        i !== row ? configuration : { ...configuration, cells: configuration.cells.map((cell, j) => (j !== seed ? cell : fails ? failed(cell, "out of memory") : waiting(cell))) },
      );
      const after = summarise({ ...results, configurations });
      expect(numbersOf(after, row)).toEqual(numbersOf(before, row));
      expect(after.rows[row]!.finished).toBe(2);
      expect(after.gaps).toHaveLength(1);
    }),
    { numRuns: 10 },
  );
});

test("values of cells that are not finished count nowhere", () => {
  const results = sampleResults({ epochs: 1, steps: 1, change: (cell, [cls]) => (cls === "rms" ? { ...cell, status: "failed", error: "late" } : cell) });
  const { rows, columns } = summarise(results);
  for (const { configuration, values } of rows) expect(values.every(({ count }) => count === (configuration.choices["cls"] === "rms" ? 0 : 3))).toBe(true);
  expect(columns[0]!.effects[0]!.choices.map(({ choice, runs }) => [choice, runs > 0])).toEqual([["layer", true], ["batch", true], ["rms", false]]);
});

test("nothing is dropped in silence: what is missing is said", () => {
  const text = reportText(summarise(troubledResults()));
  for (const part of ["43 finished, 1 failed, 1 waiting", "2 of 3", "(2)", "the loss is NaN\n", "uniformity is missing or not finite", "waiting to run"]) expect(text).toContain(part);
  expect(reportText(summarise(sampleResults({ seeds: [7] })))).toMatch(/^Values of one seed[^±]*$/m);
});

test("a base that is no configuration is refused", () => {
  expect(() => summarise({ ...smallResults(), base: "other" })).toThrow("the base `other` is none of the configurations");
});

test("five factors and two hundred configurations fit into any width, and no value is lost", () => {
  const factors = [...sampleFactors, { path: "depth", label: "depth", choices: ["2", "4", "6"] }, { path: "mlp.activation", label: "activation", choices: ["gelu", "relu", "silu", "swiglu"] }];
  const summary = summarise(sampleResults({ factors, exists: () => true, epochs: 1, steps: 1, seeds: [1, 2] }));
  expect(summary.rows).toHaveLength(216);
  const wide = reportText(summary);
  const words = (text: string) => new Set(text.split(/\s+/));
  for (const width of [80, 132]) {
    const text = reportText(summary, { width });
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(words(text)).toEqual(words(wide));
  }
});

test("colours are for terminals only", () => {
  const summary = summarise(smallResults());
  const colored = reportText(summary, { colors: true });
  expect(colored).toContain("\u001b[32m");
  // oxlint-disable-next-line no-control-regex
  expect(colored.replaceAll(/\u001b\[\d+m/g, "")).toBe(reportText(summary));
});

/** What is missing anywhere is null. */
function measured(results: Results): { cell: string; report: string; value: number | null }[] {
  return results.configurations.flatMap(({ cells }) => cells.flatMap((cell) => results.reports.map(({ path }) => ({ cell: cell.name, report: path, value: cell.values[path] as number | null }))));
}

test("CSV, as csv-parse reads it, has a line for every cell and value, hostile text included", () => {
  for (const results of [troubledResults(), hostileResults()]) {
    const lines = parse(reportCsv(summarise(results)), { columns: true }) as Record<string, string>[];
    expect(lines.map((line) => ({ cell: line["cell"], report: line["report"], value: line["value"] === "" ? null : Number(line["value"]) }))).toEqual(measured(results));
    for (const { label } of results.factors) expect(new Set(lines.map((line) => line[label === "seed" ? "factor.seed" : label]))).toEqual(new Set(results.configurations.map(({ choices }) => choices[label])));
    expect(new Set(lines.filter((line) => line["status"] === "failed").map((line) => line["error"]))).toEqual(new Set(results.configurations.flatMap(({ cells }) => cells.flatMap(({ error }) => error ?? []))));
  }
});

test("JSON has every value and the summary, and no curves", () => {
  for (const results of [troubledResults(), hostileResults()]) {
    const report = JSON.parse(reportJson(summarise(results))) as AblationReport;
    expect([report.format, report.version]).toEqual(["norm-ablation-report", 1]);
    expect(report.configurations.flatMap(({ cells }) => cells.flatMap((cell) => report.reports.map(({ path }) => ({ cell: cell.name, report: path, value: cell.values[path] }))))).toEqual(measured(results));
    expect(report.configurations[0]!.cells[0]).not.toHaveProperty("metrics");
    const { mean, count } = report.configurations[1]!.values["measured.accuracy"]!;
    const values = report.configurations[1]!.cells.map(({ values: own }) => own["measured.accuracy"] as number);
    expect([count, mean]).toEqual([3, values.reduce((sum, value) => sum + value, 0) / 3]);
  }
});

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly Node[];
}

test("Markdown, as remark reads it, has the tables and no markup of hostile text", async () => {
  const [plain, bad] = await Promise.all([smallResults(), hostileResults()].map(async (results) => nodesOf((await parsers.markdown.parse(reportMarkdown(summarise(results)), {} as ParserOptions)) as Node)));
  const kinds = new Set(bad!.map(({ type }) => type));
  for (const markup of ["html", "link", "linkReference", "image", "definition", "emphasis", "delete", "footnoteReference"]) expect(kinds).not.toContain(markup);
  for (const kind of ["heading", "table", "tableRow", "list", "code"]) expect(bad!.filter(({ type }) => type === kind)).toHaveLength(plain!.filter(({ type }) => type === kind).length);
  const widths = (nodes: readonly Node[]) => nodes.filter(({ type }) => type === "tableRow").map(({ children }) => children!.length);
  expect(widths(bad!)).toEqual(widths(plain!));
});

function nodesOf(node: Node): Node[] {
  return [node, ...(node.children ?? []).flatMap(nodesOf)];
}

test("text has nothing that moves a terminal's cursor", () => {
  const text = reportText(summarise(hostileResults()));
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(text).toContain(hostile.slice(0, 60));
});

test("lists have means by element, and no differences", () => {
  const results = sampleResults({ epochs: 1, steps: 1, change: (cell) => ({ ...cell, values: { ...cell.values, "measured.uniformity": [cell.seed, null, cell.seed === 7 ? null : 1] } }) });
  const summary = summarise(results);
  expect(summary.columns[2]!.isList).toBe(true);
  expect(summary.rows[0]!.values[2]).toMatchObject({ elements: [8, null, 1], count: 3, mean: null, difference: null });
  expect(reportText(summary)).toContain("8.000 … 1.000 (list of 3)");
  const lines = (parse(reportCsv(summary), { columns: true }) as Record<string, string>[]).filter(({ report }) => report === "measured.uniformity").slice(0, 3);
  expect(lines.map(({ index, value }) => [index, value])).toEqual([["0", "7"], ["1", ""], ["2", ""]]);
});
