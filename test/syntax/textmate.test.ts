/** The TextMate grammar colours the language as editors will show it. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import oniguruma from "vscode-oniguruma";
import textmate, { type IGrammar } from "vscode-textmate";
import { lexer } from "../../src/syntax/tokens.js";
import { samples } from "./samples.js";

const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
const path = new URL("../../grammar/norm.tmLanguage.json", import.meta.url);
const registry = new textmate.Registry({
  onigLib: oniguruma.loadWASM(wasm).then(() => ({
    createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text: string) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, "utf8"), "norm.tmLanguage.json"),
});
const grammar: IGrammar = (await registry.loadGrammar("source.norm"))!;

/** The innermost scope at every character that is not blank. */
function scopes(text: string): { text: string; scope: string }[] {
  let stack = textmate.INITIAL;
  return text.split("\n").flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    return tokens
      .map(({ startIndex, endIndex, scopes: found }) => ({ text: line.slice(startIndex, endIndex).trim(), scope: found.at(-1)!.replace(/\.norm$/, "") }))
      .filter((token) => token.text !== "");
  });
}

/** The scope of the first token with a text. */
function scopeOf(text: string, part: string): string | undefined {
  return scopes(text).find((token) => token.text === part)?.scope;
}

const sample = `/// Documentation.
// A comment with "quotes" and norm words.
use std.norms { layer, batch as b }
norm layer(x, eps = 1e-5) { // behind
  param scale[feature, head: heads / 2] ~ normal(5%)
  when not training { y <- dot(x, w over feature)[token as source] }
  return none
}
stack encoder = other with { place sandwich }
train t of model_of_it {
  data idx("a \\"b\\" // no comment")
  optimizer sgd(batch: 3)
  batch 128
  batch = 3
  freeze encoder.normalize.cls
  größe2 = in_a_name + 2
}`;

it.each([
  ["/// Documentation.", "comment.line.documentation"],
  ['// A comment with "quotes" and norm words.', "comment.line.double-slash"],
  ["// behind", "comment.line.double-slash"],
  ["use", "keyword.other"],
  ["as", "keyword.other"],
  ["norm", "storage.type"],
  ["layer", "source"],
  ["1e-5", "constant.numeric"],
  ["5%", "constant.numeric.percentage"],
  ["param", "keyword.other"],
  ["feature", "variable.parameter.axis"],
  ["head", "variable.parameter.axis"],
  ["source", "variable.parameter.axis"],
  ["~", "keyword.operator"],
  ["<-", "keyword.operator"],
  ["when", "keyword.control"],
  ["not", "keyword.operator.logical"],
  ["return", "keyword.control"],
  ["none", "constant.language"],
  ["stack", "storage.type"],
  ["with", "keyword.other"],
  ["place", "keyword.other"],
  ["train", "storage.type"],
  ["of", "keyword.other"],
  ["data", "keyword.other"],
  ['\\"', "constant.character.escape"],
  ["optimizer", "keyword.other"],
  ["freeze", "keyword.other"],
  ["128", "constant.numeric"],
  ["+", "keyword.operator"],
])("colours %s as %s", (text, scope) => {
  const tokens = scopes(sample).filter((token) => token.text.split(/\s+/).includes(text) || token.text === text);
  expect(tokens.map((token) => token.scope)).toContain(scope);
});

it("colours the names of definitions", () => {
  const names = scopes(sample).filter(({ scope }) => scope === "entity.name.function").map(({ text }) => text);
  expect(names).toEqual(["layer", "encoder", "t"]);
});

it("colours opening words as names where they are names", () => {
  expect(scopeOf("norm batch(x) {\n  batch = 3\n}", "batch")).toBe("entity.name.function");
  expect(scopes("train t of m {\n  batch 3\n}").find(({ text }) => text === "batch")?.scope).toBe("keyword.other");
  for (const line of ["  batch = 3", "  batch: layer", "  batch <- 3", "  x = batch + 1", "  f(batch)", "groups { batch }", "groups { batch, layer }"]) {
    const coloured = scopes(line).filter(({ scope }) => scope === "keyword.other").map(({ text }) => text);
    expect(coloured, line).toEqual(line.startsWith("groups") ? ["groups"] : []);
  }
});

it("colours words in paths as names", () => {
  expect(scopes("  freeze encoder.normalize.in.cls").map(({ scope }) => scope)).not.toContain("keyword.control");
  expect(scopes("  freeze encoder.normalize.in.cls").filter(({ scope }) => scope === "keyword.other").map(({ text }) => text)).toEqual(["freeze"]);
});

it("colours extents as expressions", () => {
  const found = scopes("  param w[a: b / 2, c] = 1").filter(({ scope }) => scope.endsWith("axis")).map(({ text }) => text);
  expect(found).toEqual(["a", "c"]);
});

/** The lexer and the TextMate grammar agree on what is a comment, a number, a text, an operator and a reserved word. */
it.each(samples)("sees the tokens of $name as the lexer does", ({ text }) => {
  const lexed = lexer.tokenize(text);
  const lines = text.split("\n");
  let stack = textmate.INITIAL;
  const scopeAt = lines.map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    return (column: number) => tokens.find(({ startIndex, endIndex }) => startIndex <= column && column < endIndex)!.scopes.at(-1)!;
  });
  for (const token of [...lexed.tokens, ...lexed.groups["comments"]!]) {
    const scope = scopeAt[token.startLine! - 1]!(token.startColumn! - 1);
    const { name } = token.tokenType;
    const at = `${token.image} at ${token.startLine}:${token.startColumn}`;
    if (name === "Comment") expect(scope, at).toMatch(/^comment/);
    else if (name === "String") expect(scope, at).toMatch(/^string/);
    else if (name === "Percentage") expect(scope, at).toMatch(/^constant\.numeric\.percentage/);
    else if (name === "Number") expect(scope, at).toMatch(/^constant\.numeric/);
    else if (name === "Identifier") expect(scope, at).toMatch(/^(source|entity|variable)/);
    else if (/^\W/.test(token.image)) expect(scope, at).toMatch(/^(source|keyword\.operator|punctuation)/);
  }
});
