/** The reference of diagnostics is true: every code has a section, and every example says what is written below it. */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { chooseRecipe, compile } from "../../../src/compiler/compile.js";
import { readLibrary } from "../../../src/compiler/host.js";
import { catalogue } from "../../../src/diagnostics/catalogue.js";
import type { Diagnostic } from "../../../src/diagnostics/diagnostic.js";
import { renderDiagnostic } from "../../../src/diagnostics/render.js";

const file = fileURLToPath(new URL("../../../docs/diagnostics.md", import.meta.url));

/** A heading, the words below it, an example, and what it brings about. */
const section = /^## (N\d{4}): (.+)\n\n([^#][^]*?)\n\n```norm\n([^]*?\n)```\n\n```text\n([^]*?)```\n/gm;

/** What the compiler says of an example; where it has nothing to say, what a command that runs the recipe says. */
function said(example: string): readonly Diagnostic[] {
  const compilation = compile("example.norm", example, { readSpec: () => undefined, readLibrary });
  if (compilation.diagnostics.length > 0) return compilation.diagnostics;
  const chosen = chooseRecipe(compilation, undefined);
  return "code" in chosen ? [chosen] : [];
}

function rendered(example: string): string {
  return said(example).map((found) => `${renderDiagnostic(found)}\n`).join("\n");
}

if (process.env["UPDATE_DOCS"] === "1") {
  const updated = readFileSync(file, "utf8").replaceAll(section, (_, code: string, title: string, words: string, example: string) => `## ${code}: ${title}\n\n${words}\n\n\`\`\`norm\n${example}\`\`\`\n\n\`\`\`text\n${rendered(example)}\`\`\`\n`);
  writeFileSync(file, updated);
}

const text = readFileSync(file, "utf8");
const sections = [...text.matchAll(section)].map(([, code, title, words, example, shown]) => ({ code: code!, title: title!, words: words!, example: example!, shown: shown! }));

describe("the reference of diagnostics", () => {
  it("has exactly one section for each code, in order, under the catalogue's title", () => {
    expect(sections.map(({ code, title }) => `${code}: ${title}`)).toEqual(Object.entries(catalogue).map(([code, { title }]) => `${code}: ${title}`));
  });

  it("has no other sections", () => {
    expect(text.match(/^## /gm)).toHaveLength(sections.length);
  });

  it.each(sections)("$code: says what it means and shows what it looks like", ({ code, words, example, shown }) => {
    expect(words.length).toBeGreaterThan(60);
    expect(rendered(example)).toBe(shown);
    expect(said(example).map((found) => found.code)).toEqual([code]);
  });
});
