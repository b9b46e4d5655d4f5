/** `docs/language.md` is true: its examples compile and are in the canonical format, and its tables are complete. */

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { modelText } from "../../src/cli/emit.js";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { renderDiagnostic } from "../../src/diagnostics/render.js";
import { formatText } from "../../src/format/format.js";
import { loaderNames as loadersAtRunTime } from "../../src/runtime/data/index.js";
import { deepestCalls, deepestExpressions, mostCalls, mostElements, mostOperations, mostRepetitions } from "../../src/semantics/elaborator.js";
import { intrinsicNames, loaderNames } from "../../src/semantics/intrinsics/names.js";
import { preludeModules } from "../../src/semantics/modules.js";
import { deepestNesting, deepestTree, longestText } from "../../src/syntax/limits.js";
import { Name, keywordTokens } from "../../src/syntax/tokens.js";
import { blocksOf, page, specOf } from "./blocks.js";

const text = page("language.md");
const examples = fileHost(fileURLToPath(new URL("../../examples/", import.meta.url)));

describe.each(blocksOf(text))("the block at line $line", (block) => {
  const whole = specOf(block);

  test("compiles, and the compiler says what the page says", () => {
    const { diagnostics, recipes } = compile("block.norm", whole, examples);
    const said = diagnostics.map((found) => found.code);
    expect([...new Set(said)], diagnostics.map((found) => renderDiagnostic(found)).join("\n\n")).toEqual(block.codes);
    expect(diagnostics.filter((found) => found.severity === "error")).toEqual([]);
    if (block.fragment !== undefined) expect(recipes.size).toBeGreaterThan(0);
    if (block.model.length === 0) return;
    const model = modelText([...recipes.values()].at(-1)!).split("\n").map((line) => line.trim());
    for (const line of block.model) expect(model).toContain(line.trim());
  });

  test("is in the canonical format", async () => expect(await formatText(whole)).toBe(whole));
});

/** The names in backquotes in the first cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  const cells = section.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split(" | ")[0]!);
  return [...new Set(cells.flatMap((cell) => [...cell.matchAll(/`([a-z_0-9]+)/g)].map((match) => match[1]!)))];
}

test("the table of built-in functions is complete", () => {
  const loaders: readonly string[] = loaderNames;
  expect(firstCells("Built-in functions").toSorted()).toEqual(intrinsicNames.filter((name) => !loaders.includes(name)).toSorted());
});

test("the table of loaders is complete", () => {
  expect(firstCells("Data").toSorted()).toEqual([...loaderNames].toSorted());
  expect([...loadersAtRunTime].toSorted()).toEqual([...loaderNames].toSorted());
});

test("the keywords are complete", () => {
  const words = (label: string) => [...new RegExp(`${label}: ([^.]+)\\.`).exec(text)![1]!.matchAll(/`([a-z]+)`/g)].map((match) => match[1]!);
  const isName = (token: (typeof keywordTokens)[number]) => token.CATEGORIES!.includes(Name);
  const patterns = (free: boolean) => keywordTokens.filter((token) => isName(token) === free).map((token) => String(token.PATTERN));
  expect(words("Reserved words").toSorted()).toEqual(patterns(false).toSorted());
  expect(words("Words that only open a statement").toSorted()).toEqual(patterns(true).toSorted());
});

test("the prelude is complete", () => {
  const line = /without a `use`: ([^.]+(?:\.[a-z]+[^.]+)*)\./.exec(text)![1]!;
  expect([...line.matchAll(/`std\.([a-z]+)`/g)].map((match) => match[1]!).toSorted()).toEqual([...preludeModules].toSorted());
});

test("the limits are those of the compiler", () => {
  const limits = text.split("\n## Limits\n")[1]!.split("\n## ")[0]!;
  expect(mostElements).toBe(2 ** 28);
  for (const limit of [longestText, deepestNesting, deepestTree, mostOperations, deepestCalls, deepestExpressions, mostCalls, mostRepetitions]) {
    expect(limits).toContain(limit.toLocaleString("en"));
  }
});
