/** One mistake, one message, and the rest of the file unharmed. */

import { describe, expect, it } from "vitest";
import { renderDiagnostic } from "../../src/diagnostics/render.js";
import { SourceFile } from "../../src/diagnostics/source.js";
import { type Parsed, parse } from "../../src/syntax/parse.js";
import { mistakes } from "./mistakes.js";

const before = "norm before(x) { return x }\n\n";
const after = "\n\nnorm after(x) {\n  y = x\n  return y\n}\n";

function parseWith(text: string): Parsed {
  return parse(new SourceFile("spec.norm", before + text + after));
}

it("has a message for every mistake", async () => {
  const rendered = mistakes.map(({ what, text }) => `# ${what}\n\n${parseWith(text).diagnostics.map((found) => renderDiagnostic(found)).join("\n\n")}\n`);
  await expect(rendered.join("\n")).toMatchFileSnapshot("./mistakes.txt");
});

describe.each(mistakes)("$what", ({ what, text }) => {
  const { file, diagnostics } = parseWith(text);

  it("has one message", () => {
    expect(diagnostics).toHaveLength(what.startsWith("two mistakes") ? 2 : 1);
  });

  it("leaves the other definitions as they are", () => {
    const others = file.definitions.filter(({ name }) => name.name === "before" || name.name === "after");
    expect(others.map(({ name, damaged, body }) => [name.name, damaged, body.length])).toEqual([["before", false, 1], ["after", false, 2]]);
  });
});
