/**
 * A comment at every gap between two tokens of the samples: none is lost, nothing else changes, and the result is stable.
 * Gaps between the same kinds of tokens, in lines that start alike, count as one.
 */

import { format } from "prettier/standalone";
import { describe, expect, it } from "vitest";
import plugin from "../../src/format/plugin.js";
import { canonicalLayout, createPrinter } from "../../src/format/printer.js";
import { lexer } from "../../src/syntax/tokens.js";
import { samples } from "../syntax/samples.js";
import { read, withoutPlaces } from "../syntax/tree.js";

/** Formats as the plugin does, on lines of another length. */
function formatWide(text: string, printWidth: number): Promise<string> {
  const narrow = { ...plugin, printers: { "norm-ast": createPrinter({ ...canonicalLayout, printWidth }) } };
  return format(text, { parser: "norm", plugins: [narrow] });
}

/** The top-level parts of a file, each with what it starts with, so that a sweep need not format whole files. */
function parts(text: string): string[] {
  const { uses, definitions } = read(text);
  const ends = [...uses, ...definitions].sort((a, b) => a.start - b.start).map(({ end }) => end);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, i === ends.length - 1 ? undefined : end).trim());
}

/** The offsets of the gaps that are not known yet, the one in front of everything among them. */
function gaps(part: string, known: Set<string>): number[] {
  const { tokens } = lexer.tokenize(part);
  let opening = "";
  return [0, ...tokens.map((token) => token.startOffset + token.image.length)].filter((_, i) => {
    const [before, after] = [tokens[i - 1], tokens[i]];
    if (before?.startLine !== after?.startLine) opening = `${after?.tokenType.name} ${tokens[i + 1]?.tokenType.name}`;
    const gap = `${opening} | ${before?.tokenType.name} ${after?.tokenType.name}`;
    return !known.has(gap) && known.add(gap);
  });
}

const comments = [
  { way: "on a line of its own", text: "\n// GAP\n", texts: ["// GAP"], widths: [30, 100] },
  { way: "at the end of a line", text: " // GAP\n", texts: ["// GAP"], widths: [30, 100] },
  { way: "as documentation", text: " /// GAP\n", texts: ["/// GAP"], widths: [100] },
  { way: "twice, with blank lines", text: " // GAP\n\n\n// TWO\n\n", texts: ["// GAP", "// TWO"], widths: [30] },
];

describe.each(samples)("in $name", ({ text: sample }) => {
  it.each([30, 100])("keeps a comment in every gap on lines of %d", { timeout: 120_000 }, async (width) => {
    const failures: string[] = [];
    const known = new Set<string>();
    // Comments in neighbouring gaps often end up in one place.
    const checked = new Map<string, { again: string; tree: string }>();
    const check = async (printed: string) => {
      const result = checked.get(printed) ?? { again: await formatWide(printed, width), tree: treeOf(printed) };
      checked.set(printed, result);
      return result;
    };
    for (const part of parts(sample)) {
      const offsets = gaps(part, known);
      for (const { text, texts } of comments.filter(({ widths }) => widths.includes(width))) {
        for (const gap of offsets) {
          const commented = `${part.slice(0, gap)}${text}${part.slice(gap)}`;
          const printed = await formatWide(commented, width);
          const { again, tree } = await check(printed);
          const faults = [
            texts.every((comment) => printed.includes(comment)) ? [] : "lost",
            printed === again ? [] : "unstable",
            tree === treeOf(commented) ? [] : "changed",
          ].flat();
          if (faults.length > 0) failures.push(`${faults.join(", ")}:\n${commented}\n--->\n${printed}\n--->\n${again}`);
        }
      }
    }
    expect(failures.length, `${failures.length} failures\n${failures.slice(0, 3).join("\n=====\n")}`).toBe(0);
  });
});

function treeOf(text: string): string {
  return JSON.stringify(withoutPlaces(read(text)));
}
