/** One decision a line: what changes in a spec changes its own lines and no others, so that ablations differ by lines. */

import type { IToken } from "chevrotain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatText } from "../../src/format/format.js";
import type { Node } from "../../src/syntax/ast.js";
import { lexer } from "../../src/syntax/tokens.js";
import { childrenOf } from "../../src/syntax/visit.js";
import { read } from "../syntax/tree.js";
import { partsOf, texts } from "./texts.js";

/** The definitions of all texts, without comments, in the canonical format. */
const definitions = await Promise.all(
  texts.flatMap(({ text }) => partsOf(text)).map((part) => formatText(lexer.tokenize(part).tokens.map(({ image }) => image).join(" "))),
);

const notDecisions: ReadonlySet<Node["kind"]> = new Set<Node["kind"]>([
  "File", "UseItem", "Parameter", "AxisDeclaration", "Initial", "Path", "Identifier", "Reported", "Argument", "Clause", "Number", "String",
  "Boolean", "None", "Name", "Unary", "Binary", "Call", "Member", "Renaming", "ParamExpression", "Policy", "Variant", "Where", "Tuple",
]);
const isDecision = ({ kind }: Partial<Node>): boolean => kind !== undefined && !notDecisions.has(kind);

/** The lists of decisions below a node: what stands in its blocks. */
function blocksOf(node: Node): Node[][] {
  const lists = Object.values(node).filter((value): value is Node[] => Array.isArray(value) && value.length > 0 && value.every(isDecision));
  return [...lists, ...childrenOf(node).filter((child) => !isDecision(child)).flatMap(blocksOf), ...(node.kind === "Return" && node.gradient ? [[...node.gradient.body]] : [])];
}

/** Whether what stands in a decision's blocks goes on one line with it where it fits there, and so is one decision with it. */
function isOne(node: Node): boolean {
  return blocksOf(node).every(({ length }) => length === 1) && !(node.kind === "When" && node.otherwise !== undefined);
}

/** From which line to which the decision at an offset stands. */
function linesOfDecision(text: string, offset: number): { readonly first: number; readonly last: number } {
  const around = ({ start, end }: Node): boolean => start <= offset && offset < end;
  let inner = childrenOf(read(text)).find(around)!;
  let own = inner;
  for (;;) {
    const next = blocksOf(inner).flat().find(around);
    if (next === undefined) break;
    if (!isOne(inner)) own = next;
    inner = next;
  }
  // The head of a block of several ends in front of the first of them.
  const [first] = isOne(inner) ? [] : blocksOf(inner).flat();
  return { first: lineOf(text, own.start), last: first !== undefined && offset < first.start ? lineOf(text, first.start) - 1 : lineOf(text, own.end) };
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split("\n").length - 1;

test("another name, number or text changes the lines of its decision only", async () => {
  const isLeaf = ({ tokenType }: IToken): boolean => ["Identifier", "Number", "String"].includes(tokenType.name);
  const arbitrary = fc.record({ text: fc.constantFrom(...definitions), at: fc.nat(), how: fc.constantFrom("longer", "shorter") });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ text, at, how }) => {
      const found = lexer.tokenize(text).tokens.filter(isLeaf);
      fc.pre(found.length > 0);
      const token = found[at % found.length]!;
      const other = { Identifier: ["a_name_of_another_length", "q"], Number: ["123456.7890123", "1"], String: ['"a text of another length"', '""'] }[token.tokenType.name]!;
      const { startOffset: start, image } = token;
      const changed = await formatText(text.slice(0, start) + other[how === "longer" ? 0 : 1]! + text.slice(start + image.length));

      const { first, last } = linesOfDecision(text, start);
      const lines = text.split("\n");
      const changedLines = changed.split("\n");
      expect(changedLines.slice(0, first)).toEqual(lines.slice(0, first));
      expect(changedLines.slice(changedLines.length - (lines.length - last - 1))).toEqual(lines.slice(last + 1));
    }),
    { numRuns: 300 },
  );
});

test("a decision less, where two stay, takes its own lines away", async () => {
  const everyBlock = (node: Node): Node[][] => [...blocksOf(node), ...blocksOf(node).flat().flatMap(everyBlock)];
  const blocks = definitions.flatMap((text) => childrenOf(read(text)).flatMap(everyBlock).filter(({ length }) => length > 2).map((entries) => ({ text, entries })));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...blocks), fc.nat(), async ({ text, entries }, at) => {
      const { start, end } = entries[at % entries.length]!;
      const lines = text.split("\n");
      lines.splice(lineOf(text, start), lineOf(text, end) - lineOf(text, start) + 1);
      const shorter = await formatText(text.slice(0, start) + text.slice(end));
      expect(withoutBlanks(shorter.split("\n"))).toEqual(withoutBlanks(lines));
    }),
    { numRuns: 150 },
  );
});

const withoutBlanks = (lines: readonly string[]): string[] => lines.filter((line) => line !== "");

describe("an item less takes its own line away from", () => {
  test.each([
    ["a call", "norm f = g(", ")"],
    ["parameters", "norm f(", ") { return x }"],
    ["axes", "model m { input x[", "] }"],
    ["groups", "stack s() { groups {", "} place pre }"],
    ["the choices of an ablation", "ablation a of b { vary c in {", "} seeds 2 }"],
    ["what is used", "use std.norms {", "}"],
    ["renamed axes", "norm f = x[", "]"],
  ])("%s", async (what, before, after) => {
    const items = "abcdef".split("").map((letter) => letter.repeat(30)).map((name) => (what === "renamed axes" ? `${name} as q` : name));
    const lines = (await formatText(before + items.join(",") + after)).split("\n");
    for (const item of items) {
      const fewer = await formatText(before + items.filter((other) => other !== item).join(",") + after);
      expect(fewer.split("\n")).toEqual(lines.filter((line) => line.trim() !== `${item},`));
    }
  });
});
