/** Diffs of what the literature changes, in every form: `UPDATE_GOLDEN=1` writes them anew, to be read before they are kept. */

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Comparison } from "../../../src/compare/diff/comparison.js";
import { compare, pairsOf } from "../../../src/compare/diff/pairing.js";
import { comparisonHtml } from "../../../src/compare/diff/render/html.js";
import { comparisonJson } from "../../../src/compare/diff/render/json.js";
import { comparisonMarkdown } from "../../../src/compare/diff/render/markdown.js";
import { comparisonText } from "../../../src/compare/diff/render/text.js";
import { fileHost } from "../../../src/compiler/host.js";

const folder = fileURLToPath(new URL("./golden/", import.meta.url));
const updates = process.env["UPDATE_GOLDEN"] === "1";

/** A folder holds two specs, `before.norm` and `after.norm`, or one, `spec.norm`, with recipes of these names. */
function comparisonOf(name: string): Comparison {
  const host = fileHost(`${folder}${name}`);
  const spec = (path: string) => ({ path, text: readFileSync(`${folder}${name}/${path}`, "utf8"), host });
  const isOne = existsSync(`${folder}${name}/spec.norm`);
  const side = (which: string) => (isOne ? { spec: spec("spec.norm"), definition: which } : { spec: spec(`${which}.norm`) });
  return compare(pairsOf(side("before"), side("after")));
}

const forms: Readonly<Record<string, (comparison: Comparison) => string>> = {
  "diff.txt": (comparison) => comparisonText(comparison),
  "diff.md": comparisonMarkdown,
  "diff.html": comparisonHtml,
  "diff.json": comparisonJson,
};

const cases = readdirSync(folder);

describe.each(cases)("%s", (name) => {
  const comparison = comparisonOf(name);

  test.each(Object.entries(forms))("%s", (file, render) => {
    const path = `${folder}${name}/${file}`;
    const text = render(comparison);
    if (updates) writeFileSync(path, text);
    expect(text).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
  });

  test("nothing else lies there", () => {
    const known = [...Object.keys(forms), ...(existsSync(`${folder}${name}/spec.norm`) ? ["spec.norm"] : ["before.norm", "after.norm"])];
    const others = readdirSync(`${folder}${name}`).filter((file) => !known.includes(file));
    if (updates) for (const file of others) rmSync(`${folder}${name}/${file}`);
    else expect(others).toEqual([]);
  });
});

/** What is known of these changes before any tool says so. */
const levels: Readonly<Record<string, readonly [level: string, variables: number]>> = {
  "share-to-separate": ["some weights", 1],
  "pre-to-sandwich": ["some weights", 1],
  "layer-to-batch-on-cls": ["some weights", 2],
  "normformer-1-head-scale": ["some weights", 1],
  "normformer-2-attention-norm": ["some weights", 1],
  "normformer-3-inner-norm": ["some weights", 1],
  "normformer-4-residual-scale": ["some weights", 1],
  normformer: ["some weights", 2],
  width: ["some weights", 1],
  schedule: ["identical", 1],
  renamed: ["same function", 0],
  "own-norm": ["same weights", 1],
  "norm-and-recipe": ["same weights", 2],
};

test("the verdicts are the right ones", () => {
  const found = Object.fromEntries(cases.map((name) => {
    const { verdict, variables } = comparisonOf(name).diffs[0]!;
    return [name, [verdict.level, variables]];
  }));
  expect(found).toEqual(levels);
});
