/** `docs/stages.md` is true: its examples compile and are in the canonical format, and its lines of a map are read. */

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { fileHost } from "../../src/compiler/host.js";
import { SourceFile } from "../../src/diagnostics/source.js";
import { formatText } from "../../src/format/format.js";
import { readNameMap } from "../../src/semantics/starts/name-map.js";
import { blocksOf, page, specOf } from "./blocks.js";

const text = page("stages.md");
const host = fileHost(fileURLToPath(new URL("../../examples/", import.meta.url)));

describe.each(blocksOf(text))("the block at line $line", (block) => {
  test("compiles without a word, and is in the canonical format", async () => {
    const { diagnostics, recipes } = compile("block.norm", specOf(block), host);
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect([...recipes.values()].some(({ manifest }) => (manifest.start?.[0]?.slots.length ?? 0) > 5)).toBe(true);
    expect(await formatText(specOf(block))).toBe(specOf(block));
  });
});

test("the lines of a map are read", () => {
  const map = /```text\n(\/\/ What[^`]*)```/.exec(text)![1]!;
  expect(readNameMap(new SourceFile("page.names", map))).toHaveLength(5);
});

test("the maps that come with Norm are listed", () => {
  const files = readdirSync(fileURLToPath(new URL("../../stdlib/std/maps/", import.meta.url)));
  const listed = [...text.matchAll(/^\| `std\/maps\/([^`]+)`/gm)].map((match) => match[1]);
  expect(listed.toSorted()).toEqual(files.toSorted());
});
