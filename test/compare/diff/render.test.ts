/** Forms of diffs, when what they show was made to do harm, and in more than one pair. */

import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { Comparison } from "../../../src/compare/diff/comparison.js";
import { fingerprint } from "../../../src/compare/diff/comparison.js";
import { matrixOf } from "../../../src/compare/diff/matrix.js";
import { comparisonHtml } from "../../../src/compare/diff/render/html.js";
import { comparisonMarkdown } from "../../../src/compare/diff/render/markdown.js";
import { matrixHtml } from "../../../src/compare/diff/render/matrix-html.js";
import { matrixMarkdown } from "../../../src/compare/diff/render/matrix-markdown.js";
import { matrixText } from "../../../src/compare/diff/render/matrix-text.js";
import { comparisonText } from "../../../src/compare/diff/render/text.js";
import { base, diffOf, edited, edits } from "./specs.js";

const harm = "</code><script>alert(1)</script>|`**\u001b[31m\r\u202e";
const found = diffOf(base, edited(base, edits.filter(({ name }) => ["dim", "encoder.place", "batch"].includes(name))));
const side = { text: harm, file: harm, line: 1, column: 1 };
const bad = {
  ...found,
  before: harm,
  after: harm,
  changes: found.changes.map((change) => ({ ...change, name: harm, before: side, after: side })),
  landings: found.landings.map((landing) => ({ ...landing, stack: harm, rows: landing.rows.map((row) => ({ ...row, site: harm, cells: row.cells.map((cell) => ({ ...cell, before: harm, after: harm, isChanged: true })) })) })),
  verdict: { ...found.verdict, gone: [harm] },
};
const comparison: Comparison = { before: harm, after: harm, diffs: [bad], onlyBefore: [harm], onlyAfter: [harm] };

test("a page holds no scripts, and nothing from elsewhere", () => {
  for (const text of [comparisonHtml(comparison), matrixHtml(matrixOf(harm, [bad, bad]))]) {
    const { document } = parseHTML(text);
    expect(document.querySelectorAll("script, link, img, iframe, object")).toHaveLength(0);
    expect([...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]).filter(({ name }) => /^(on|src|href|style)/.test(name))).toEqual([]);
    expect(document.body.textContent).toContain("<script>alert(1)</script>");
    expect(text).not.toMatch(/https?:|@import|url\(/);
  }
});

test("a terminal gets no commands but colours of our own", () => {
  for (const isColored of [false, true]) {
    for (const text of [comparisonText(comparison, isColored), matrixText(matrixOf(harm, [bad, bad]), isColored)]) {
      // eslint-disable-next-line no-control-regex
      const codes = new Set(text.match(/\u001b\[\d+m|[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g));
      expect(codes.has("\r")).toBe(false);
      expect(text).toContain("\ufffd[31m");
      if (!isColored) expect([...codes]).toEqual([]);
    }
  }
});

test("Markdown has no markup but ours", () => {
  for (const text of [comparisonMarkdown(comparison), matrixMarkdown(matrixOf(harm, [bad, bad]))]) {
    const outsideCode = text.replace(/(`+)(?:.*?[^`])\1(?!`)/g, "");
    expect(outsideCode).not.toMatch(/[^\\]<script/);
    // A bar would end a cell, also in code.
    for (const line of text.split("\n").filter((own) => own.startsWith("|"))) expect(line.replaceAll("\\|", "").split("|").length).toBeGreaterThan(3);
    const rows = text.split("\n\n").filter((block) => block.startsWith("|")).map((block) => new Set(block.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length)));
    for (const widths of rows) expect([...widths]).toHaveLength(1);
  }
});

test("a fingerprint holds however the lines above change, and tells changes apart", () => {
  const some = edits.filter((_, i) => i % 4 === 0);
  const prints = some.map((edit) => {
    const [near, far] = [base, `// more\n\n${base}`].map((text) => {
      const own = diffOf(text, text.replace(edit.from, edit.to));
      return [...own.changes, ...own.recipe].map(fingerprint);
    });
    expect(far).toEqual(near);
    return near![0];
  });
  expect(new Set(prints).size).toBe(some.length);
});
