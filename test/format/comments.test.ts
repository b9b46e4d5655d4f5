/**
 * A comment at every gap between two tokens of every example: none is lost, nothing else changes, and the result is stable.
 *
 * Every gap of every text is tried among many others that hold comments as well. To hold one alone is another matter: what
 * is around it is not broken into lines by its neighbours. That is tried for every kind of gap, which is the two tokens and
 * the smallest node around them.
 */

import { format } from "prettier/standalone";
import { describe, expect, it } from "vitest";
import plugin from "../../src/format/plugin.js";
import { canonicalLayout, createPrinter } from "../../src/format/printer.js";
import type { File, Node } from "../../src/syntax/ast.js";
import { lexer } from "../../src/syntax/tokens.js";
import { childrenOf } from "../../src/syntax/visit.js";
import { read } from "../syntax/tree.js";
import { examples, partsOf } from "./texts.js";

interface Formatted {
  readonly printed: string;
  /** Of the text before it was formatted. */
  readonly tree: File;
}

/** Formats as the plugin does, on lines of another length, and keeps the tree, so that nothing need be parsed twice. */
async function formatWide(text: string, printWidth: number): Promise<Formatted> {
  let tree: File | undefined;
  const parser = { ...plugin.parsers.norm, parse: (...given: Parameters<typeof plugin.parsers.norm.parse>) => (tree = plugin.parsers.norm.parse(...given) as File) };
  const other = { ...plugin, parsers: { norm: parser }, printers: { "norm-ast": createPrinter({ ...canonicalLayout, printWidth }) } };
  const printed = await format(text, { parser: "norm", plugins: [other] });
  return { printed, tree: tree! };
}

const unlike = new Set(["start", "end", "modulePlace", "comments"]);

/** Whether two trees are the same but for places and comments. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const fieldsOf = (node: object) => Object.keys(node).filter((field) => !unlike.has(field) && (node as Record<string, unknown>)[field] !== undefined);
  const fields = fieldsOf(one);
  return fields.length === fieldsOf(other).length && fields.every((field) => same((one as Record<string, unknown>)[field], (other as Record<string, unknown>)[field]));
}

function commentsOf(text: string): string[] {
  return (lexer.tokenize(text).groups["comments"] ?? []).map(({ image }) => image.trimEnd());
}

/** What is wrong with the format of a text: its comments, its tree, or the format of the result. */
async function faultsOf(text: string, width: number, known = new Map<string, Formatted>()): Promise<readonly string[]> {
  const { printed, tree } = await formatWide(text, width);
  // Comments in neighbouring gaps often end up in one place.
  const again = known.get(printed) ?? (await formatWide(printed, width));
  known.set(printed, again);
  const faults = [
    commentsOf(printed).sort().join("\n") === commentsOf(text).sort().join("\n") ? [] : "lost",
    again.printed === printed ? [] : "unstable",
    same(again.tree, tree) ? [] : "changed",
  ].flat();
  return faults.length === 0 ? [] : [`${faults.join(", ")}:\n${text}\n--->\n${printed}\n--->\n${again.printed}`];
}

function expectNone(faults: readonly string[]): void {
  expect(faults.length, `${faults.length} failures\n${faults.slice(0, 3).join("\n=====\n")}`).toBe(0);
}

/** The offsets of all gaps, those in front of everything and behind it among them. */
function gapsOf(text: string): number[] {
  return [0, ...lexer.tokenize(text).tokens.map(({ startOffset, image }) => startOffset + image.length)];
}

const ways = [(comment: string) => `\n${comment}\n`, (comment: string) => ` ${comment}\n`] as const;

describe.each(examples)("in $name", ({ text }) => {
  it.each([30, 100])("keeps comments in all gaps on lines of %d", async (width) => {
    const gaps = gapsOf(text);
    for (const phase of [0, 1]) {
      // Every second gap, by turns at the end of a line and on one of its own; on lines of the other length the other way.
      const pieces = gaps.map((gap, i) => {
        const comment = i % 2 === phase ? ways[((i >> 1) + (width === 30 ? 1 : 0)) % 2]!(`// GAP ${i}`) : "";
        return text.slice(gaps[i - 1] ?? 0, gap) + comment;
      });
      expectNone(await faultsOf(pieces.join("") + text.slice(gaps.at(-1)), width));
    }
  });
});

interface Gap {
  readonly part: string;
  readonly offset: number;
  readonly around: Node["kind"];
}

/** One gap of every kind, in the smallest part of a text that has it. */
function kindsOfGaps(): readonly Gap[] {
  const kinds = new Map<string, Gap>();
  const parts = examples.flatMap(({ text }) => partsOf(text)).sort((a, b) => a.length - b.length);
  for (const part of parts) {
    const tree = read(part);
    const { tokens } = lexer.tokenize(part);
    for (const [i, offset] of gapsOf(part).entries()) {
      let around: Node = tree;
      for (let inner: Node | undefined = tree; inner !== undefined; inner = childrenOf(inner).find(({ start, end }) => start < offset && offset < end)) around = inner;
      const kind = `${around.kind}: ${tokens[i - 1]?.tokenType.name} ${tokens[i]?.tokenType.name}`;
      if (!kinds.has(kind)) kinds.set(kind, { part, offset, around: around.kind });
    }
  }
  return [...kinds.values()];
}

describe("in one gap of every kind", () => {
  const kinds = kindsOfGaps();
  it.each([
    { way: "a comment on a line of its own", text: "\n// GAP\n", width: 100, where: kinds },
    { way: "a comment at the end of a line", text: " // GAP\n", width: 100, where: kinds },
    { way: "two, with blank lines, on short lines", text: " // GAP\n\n\n// TWO\n\n", width: 30, where: kinds },
    { way: "documentation", text: " /// GAP\n", width: 100, where: kinds.filter(({ around }) => ["File", "Definition"].includes(around)) },
  ])("keeps $way", async ({ text, width, where }) => {
    expect(where.length).toBeGreaterThan(20);
    const known = new Map<string, Formatted>();
    const faults: string[] = [];
    for (const { part, offset } of where) faults.push(...(await faultsOf(part.slice(0, offset) + text + part.slice(offset), width, known)));
    expectNone(faults);
  });
});
