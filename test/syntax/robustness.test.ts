/** No text makes the parser throw, hang, or point outside of the text. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SourceFile } from "../../src/diagnostics/source.js";
import { type Parsed, parse } from "../../src/syntax/parse.js";
import { lexer } from "../../src/syntax/tokens.js";
import { childrenOf } from "../../src/syntax/visit.js";
import type { Node } from "../../src/syntax/ast.js";
import { samples } from "./samples.js";

function parseSafely(text: string): Parsed {
  const parsed = parse(new SourceFile("test.norm", text));
  for (const { place, message } of parsed.diagnostics) {
    expect(message).not.toMatch(/undefined|NaN|EOF|-->/);
    expect(place.start).toBeGreaterThanOrEqual(0);
    expect(place.end).toBeGreaterThan(place.start);
    // One column behind the last character is where something is missing.
    expect(place.end).toBeLessThanOrEqual(text.length + 1);
  }
  expectWithin(parsed.file);
  return parsed;
}

/** Every node lies within its parent, however much recovery made up. */
function expectWithin(root: Node): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const child of childrenOf(node)) {
      if (!(child.start >= node.start && child.end <= node.end && child.start <= child.end)) {
        throw new Error(`${child.kind} ${child.start}-${child.end} is not within ${node.kind} ${node.start}-${node.end}`);
      }
      open.push(child);
    }
  }
}

const pieces = ["(", ")", "{", "}", "[", "]", "=", ":", ",", "..", "\"", "//", "/", "-", "^", "with", "where", "norm", "train", "of", "x", "1", "%", "<-", "~", "@", "é", "\0", "\uD800", "\r", "\n", "$"];

/** The places where a mutation may cut: between characters, or between tokens. */
function cuts(text: string, byToken: boolean): readonly number[] {
  if (!byToken) return Array.from({ length: text.length + 1 }, (_, i) => i);
  return lexer.tokenize(text).tokens.flatMap((token) => [token.startOffset, token.startOffset + token.image.length]);
}

const mutation = fc.record({
  kind: fc.constantFrom("delete", "insert", "duplicate", "replace", "truncate"),
  byToken: fc.boolean(),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 4 }),
  piece: fc.constantFrom(...pieces),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutate(text: string, { kind, byToken, at, length, piece }: Mutation): string {
  const places = cuts(text, byToken);
  if (places.length < 2) return text + piece;
  const first = at % places.length;
  const start = places[first]!;
  const end = places[Math.min(first + length, places.length - 1)]!;
  const [before, part, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  switch (kind) {
    case "delete":
      return before + after;
    case "insert":
      return `${before} ${piece} ${part}${after}`;
    case "duplicate":
      return before + part + part + after;
    case "replace":
      return before + piece + after;
    default:
      return before;
  }
}

it("survives mutations of the samples", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(mutation, { minLength: 1, maxLength: 4 }), ({ text }, mutations) => {
      parseSafely(mutations.reduce(mutate, text));
    }),
    { numRuns: 1000 },
  );
});

it("survives random characters and tokens", { timeout: 60_000 }, () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void parseSafely(text)), { numRuns: 300 });
  fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 100 }), (words) => void parseSafely(words.join(" "))), { numRuns: 1000 });
});

const inExpression = (expression: string) => `norm f = ${expression}`;
const tooMuch: readonly [string, string][] = [
  ["open parentheses", "(".repeat(100_000)],
  ["open parentheses in an expression", inExpression("(".repeat(100_000))],
  ["minus signs", "-".repeat(1_000_000)],
  ["minus signs in an expression", inExpression("-".repeat(900_000))],
  ["negations", inExpression("not (".repeat(10_000))],
  ["a chain of powers", inExpression("a^".repeat(50_000) + "a")],
  ["a chain of negative powers", inExpression("a^-".repeat(50_000) + "a")],
  ["a long sum", inExpression("a+".repeat(50_000) + "a")],
  ["a long chain of members", inExpression("a" + ".a".repeat(50_000))],
  ["a long chain of calls", inExpression("a" + "()".repeat(50_000))],
  ["a long chain of conditions", inExpression("a" + " where a".repeat(50_000))],
  ["nested blocks", `stack f() ${"{ repeat 2 ".repeat(10_000)}`],
  ["nested variants", inExpression("a with { a = ".repeat(10_000))],
  ["more than a million characters", " ".repeat(1_000_001)],
];
const fine: readonly [string, string][] = [
  ["nothing", ""],
  ["a byte order mark", "\uFEFF"],
  ["only comments", "// a\n/// b"],
  ["a comment to the end of the file", "norm f = a // b"],
  ["only blank lines", "\n \t\r\n"],
  ["carriage returns", "norm f() {\r  a = b\r}\r// c\rnorm g = f"],
  ["a long name", inExpression("a".repeat(900_000))],
  ["a long text", inExpression(`"${"a".repeat(900_000)}"`)],
  ["a long comment", `// ${"a".repeat(900_000)}`],
  ["a long list", inExpression(`f(${"a,".repeat(50_000)})`)],
  ["many definitions", "/// a\nnorm f = g\n".repeat(10_000)],
  ["many statements", `norm f() {${"a = b ".repeat(20_000)}}`],
  ["nesting within the limit", inExpression("(".repeat(199) + "a" + ")".repeat(199))],
];
const wrong: readonly [string, string][] = [
  ["NUL bytes", "\0".repeat(100_000)],
  ["NUL bytes between names", "a\0".repeat(100_000)],
  ["a NUL byte in a definition", "norm f\0 = g"],
  ["lone surrogates", inExpression("\uD800 a \uDC00")],
  ["an open text", inExpression('"abc')],
  ["many open texts", inExpression('"abc\n'.repeat(20_000))],
  ["many stray names", "a ".repeat(100_000)],
  ["many broken definitions", "norm f = \n\n".repeat(10_000)],
  ["many broken lines", `norm f() {${"a = = b\n\n\n".repeat(10_000)}}`],
  ["closing brackets", ")".repeat(100_000)],
  ["open braces and brackets closed wrongly", "{[(".repeat(50) + "}])".repeat(50)],
  ["many keywords", "norm ".repeat(50_000)],
];

describe("is quick about", { timeout: 60_000 }, () => {
  it.each(tooMuch)("%s", (_, text) => {
    const { diagnostics } = timed(text);
    expect(diagnostics.map(({ code }) => code)).toContain("N0103");
    expect(diagnostics).toHaveLength(1);
  });
  it.each(fine)("%s", (_, text) => {
    expect(timed(text).diagnostics).toEqual([]);
  });
  it.each(wrong)("%s", (_, text) => {
    const { diagnostics } = timed(text);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeLessThanOrEqual(100);
  });
});

/** Generous, for machines that do other things as well; what grows with the square of the text takes minutes. */
const seconds = 20;

function timed(text: string): Parsed {
  const start = performance.now();
  const parsed = parseSafely(text);
  expect((performance.now() - start) / 1000).toBeLessThan(seconds);
  return parsed;
}
