/** The files of `grammar/` and the comments of the grammar say what the parser does. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grammarFiles, production } from "../../scripts/grammar/index.mjs";
import { SourceFile } from "../../src/diagnostics/source.js";
import { definitionKeywords } from "../../src/syntax/build-ast.js";
import { parser } from "../../src/syntax/grammar.js";
import { parse } from "../../src/syntax/parse.js";
import { lexer, tokens } from "../../src/syntax/tokens.js";
import { Recogniser, randomSentence, readEbnf } from "./ebnf.js";
import { samples } from "./samples.js";

const repository = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), "utf8");

describe("the files", () => {
  it.each(Object.entries(grammarFiles({ parser, tokens, definitionKeywords })))("have a fresh %s", (name, text) => {
    expect(read(`grammar/${name}`) === text, `grammar/${name} is stale; run: npm run build && npm run grammar`).toBe(true);
  });

  it("have diagrams that need no network", () => {
    const page = read("grammar/diagrams.html");
    expect(page).not.toMatch(/(?:src|href)\s*=\s*["']/);
    expect(page).toContain('"name":"policyLine"');
  });
});

describe("the comments of the grammar", () => {
  const comments = new Map(
    Array.from(read("src/syntax/grammar.ts").matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(?:private )?(\w+) = this\.RULE\("\2"/g), ([, comment, name]) => [
      name!,
      comment!.replace(/\s*\n\s*\*/g, " ").replace(/\s+/g, " ").trim(),
    ]),
  );
  it.each(Object.values(parser.getGAstProductions()).map((rule) => ({ name: rule.name, rule })))("have the production of $name", ({ name, rule }) => {
    expect(comments.get(name)).toMatch(/ ;$/);
    expect(comments.get(name)!.slice(comments.get(name)!.indexOf(`${name} = `))).toBe(production(rule));
  });
});

describe("the EBNF", () => {
  const grammar = readEbnf(read("grammar/norm.ebnf"));
  const recogniser = new Recogniser(grammar, "file");
  const isRecognised = (text: string) => {
    const lexed = lexer.tokenize(text);
    return lexed.errors.length === 0 && recogniser.accepts(lexed.tokens.map(({ image, tokenType }) => ({ text: image, kind: tokenType.name })));
  };
  const isParsed = (text: string) => parse(new SourceFile("test.norm", text)).diagnostics.length === 0;

  it.each(samples)("accepts $name", ({ text }) => {
    expect(isRecognised(text)).toBe(true);
  });

  it("has nothing but sentences that the parser accepts", { timeout: 120_000 }, () => {
    const sentence = randomSentence(grammar, "file").filter((words) => words.length < 300);
    fc.assert(
      fc.property(sentence, (words) => {
        const text = words.join(" ");
        expect(isRecognised(text)).toBe(true);
        expect(isParsed(text), text).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("lacks what the parser refuses", { timeout: 120_000 }, () => {
    const vocabulary = [...new Set([...grammar.values()].flatMap((notation) => JSON.stringify(notation).match(/(?<="text":")[^"]+/g) ?? [])), "x", "1", "5%", '"text"'];
    const change = fc.record({ at: fc.nat(), remove: fc.nat(2), insert: fc.array(fc.constantFrom(...vocabulary), { maxLength: 2 }) });
    const sentence = randomSentence(grammar, "file").filter((words) => words.length > 1 && words.length < 80);
    let refused = 0;
    fc.assert(
      fc.property(sentence, fc.array(change, { minLength: 1, maxLength: 2 }), (words, changes) => {
        const text = changes.reduce((list, { at, remove, insert }) => list.toSpliced(at % (list.length + 1), remove, ...insert), words).join(" ");
        const parsed = isParsed(text);
        if (!parsed) refused++;
        expect(parsed, text).toBe(isRecognised(text));
      }),
      { numRuns: 1500 },
    );
    // A test that refuses nothing, or everything, would show nothing.
    expect(refused).toBeGreaterThan(200);
    expect(refused).toBeLessThan(1450);
  });
});
