/** The canonical format, by example. */

import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { FormatError, formatText, formatTree } from "../../src/format/format.js";
import plugin from "../../src/format/plugin.js";
import { lexer } from "../../src/syntax/tokens.js";
import { samples } from "../syntax/samples.js";
import { read, withoutPlaces } from "../syntax/tree.js";
import { examples } from "./texts.js";

it.each(examples)("leaves $name as it is", async ({ text }) => {
  expect(await formatText(text)).toBe(text);
});

it.each(samples)("formats the tree of $name as the text, but for blank lines and comments", async ({ text }) => {
  const tree = read(text);
  expect(withoutPlaces(read(await formatTree(tree)))).toEqual(withoutPlaces(tree));
  expect(tree).toEqual(read(text));
});

describe.each([
  ["line feeds", "\n", ""],
  ["carriage returns and line feeds", "\r\n", ""],
  ["carriage returns", "\r", ""],
  ["a byte order mark", "\r\n", "\uFEFF"],
])("with %s", (_, lineEnd, mark) => {
  it.each(samples)("gives the same text of $name", async ({ text }) => {
    expect(await formatText(mark + text.replaceAll("\n", lineEnd))).toBe(text);
  });
});

/** What decides about line breaks is the tree. */
it.each(samples)("does not depend on the line breaks of $name", async ({ text }) => {
  const words = lexer.tokenize(text).tokens.map(({ image }) => image);
  expect(await formatText(words.join(" "))).toBe(await formatText(words.join("\n")));
});

it.each([
  { what: "nothing", text: "", formatted: "" },
  { what: "blank lines only", text: "\n \n", formatted: "" },
  { what: "comments only", text: "  // one\n\n\n// two\n", formatted: "// one\n\n// two\n" },
  {
    what: "blank lines",
    text: "use a\n\n\nuse b\nuse c\nnorm f(x){\n\n\na=1\n\n\nb=2\nc=3\n\n}\nnorm g=f",
    formatted: "use a\n\nuse b\nuse c\n\nnorm f(x) {\n  a = 1\n\n  b = 2\n  c = 3\n}\n\nnorm g = f\n",
  },
  { what: "a use behind a definition", text: "norm g=f use a", formatted: "norm g = f\n\nuse a\n" },
  { what: "one statement", text: "norm f(x){\nreturn x\n}", formatted: "norm f(x) { return x }\n" },
  {
    what: "one statement with a comment",
    text: "norm f(x){return x// c \n}",
    formatted: "norm f(x) {\n  return x // c\n}\n",
  },
  {
    what: "two policies",
    text: "stack s=e with{normalize{cls:batch,tokens:layer}}",
    formatted: "stack s = e with {\n  normalize {\n    cls: batch\n    tokens: layer\n  }\n}\n",
  },
  { what: "one policy", text: "stack s=e with{normalize{\ncls,tokens:layer\n}}", formatted: "stack s = e with { normalize { cls, tokens: layer } }\n" },
  { what: "two branches", text: "norm f(x){when x{a=1}otherwise{}}", formatted: "norm f(x) {\n  when x {\n    a = 1\n  } otherwise {}\n}\n" },
  { what: "needless parentheses", text: "norm f=((a*b)+(c))^(2)-(-(d))", formatted: "norm f = (a * b + c)^2 - -d\n" },
  { what: "a comment in the head of a definition", text: "/// D\nnorm f // c\n(x){a=1}", formatted: "/// D\nnorm f(x) {\n  // c\n  a = 1\n}\n" },
  { what: "a comment in the head of a variant", text: "/// D\nnorm f = // c\ng", formatted: "/// D\nnorm f =\n  // c\n  g\n" },
  {
    what: "comments around what an ablation reports",
    text: "ablation a of m{report// one\na.b// two\nhighest,// three\nc// four\nlowest// five\n}",
    formatted: "ablation a of m {\n  report // one\n    // two\n    a.b highest, // three\n    // four\n    c lowest // five\n}\n",
  },
  {
    what: "a comment inside what a measure is given",
    text: "train t of m{measure a given x=f(y)\n// c\nevery 2 steps measure b}",
    formatted: "train t of m {\n  // c\n  measure a given x = f(y) every 2 steps\n  measure b\n}\n",
  },
  {
    what: "a measure that is broken inside",
    text: "train t of m{measure f(a,// c\nb) every 2 steps}",
    formatted: "train t of m {\n  measure f(\n    a, // c\n    b,\n  ) every 2 steps\n}\n",
  },
  { what: "a comment behind everything, without a line end", text: "norm f=g// c", formatted: "norm f = g // c\n" },
  { what: "what separates lines elsewhere", text: "norm f=g // a\u2028b\u0085c\fd\0e\nuse \"\u2029\"", formatted: "norm f = g // a\u2028b\u0085c\fd\0e\n\nuse \"\u2029\"\n" },
  { what: "mixed line ends", text: "norm f(x){\r\na=1\r\r\nb=2\n// c\r}", formatted: "norm f(x) {\n  a = 1\n\n  b = 2\n  // c\n}\n" },
  { what: "a comment inside an expression", text: "norm f(x){a=1 b=a // c\n+1}", formatted: "norm f(x) {\n  a = 1\n  // c\n  b = a + 1\n}\n" },
])("formats $what", async ({ text, formatted }) => {
  expect(await formatText(text)).toBe(formatted);
  expect(await formatText(formatted)).toBe(formatted);
});

it("refuses a text with errors, with its diagnostics", async () => {
  const failed = await formatText("norm f(x) {\n  a = \n}", "broken.norm").catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(FormatError);
  const { diagnostics, message } = failed as FormatError;
  expect(diagnostics.map(({ code }) => code)).toEqual(["N0102"]);
  expect(message).toContain("broken.norm:2:6");
});

it.each([
  ["members", "a" + ".a".repeat(390)],
  ["sums", "a" + " + a".repeat(390)],
  ["conditions", "a" + " where a".repeat(390)],
  ["powers", "a^".repeat(199) + "a"],
  ["calls", "f(".repeat(199) + "a" + ")".repeat(199)],
])("prints the deepest trees of %s", async (_, expression) => {
  const text = await formatText(`norm f = ${expression}`);
  expect(text.replace(/\s+|,(?=\s)/g, "")).toBe(`normf=${expression}`.replace(/\s+/g, ""));
  expect(await formatText(text)).toBe(text);
});

it.each([
  ["behind a statement", "norm f(x) { a = b\n", " b = c }"],
  ["in an empty block", "norm f(x) { when x {\n", "} otherwise {} }"],
  ["in an expression", "norm f(x) { a = \n", " b }"],
])("is quick about thousands of comments %s", async (_, before, after) => {
  const start = performance.now();
  const text = await formatText(before + "// a comment\n".repeat(20_000) + after);
  expect(text.match(/\/\/ a comment$/gm)).toHaveLength(20_000);
  // What takes the square of their number takes half a minute and more.
  expect((performance.now() - start) / 1000).toBeLessThan(15);
});

describe("as a plugin of Prettier", () => {
  it("formats by the name of a file, whatever the options", async () => {
    const text = samples.find(({ name }) => name === "stacks.norm")!.text;
    expect(await format(text, { filepath: "stacks.norm", plugins: [plugin], printWidth: 40, useTabs: true })).toBe(text);
  });

  it("formats fenced blocks in Markdown", async () => {
    const markdown = (norm: string) => `- A norm:\n\n  \`\`\`norm\n${norm}  \`\`\`\n`;
    const formatted = await format(markdown("  norm f( x ){a=1 b=2}\n"), { parser: "markdown", plugins: [plugin] });
    expect(formatted).toBe(markdown("  norm f(x) {\n    a = 1\n    b = 2\n  }\n"));
  });

  it("leaves fenced blocks with errors", async () => {
    const markdown = "```norm\nnorm f( {\n```\n";
    expect(await format(markdown, { parser: "markdown", plugins: [plugin] })).toBe(markdown);
  });

  it("shows where an error is", async () => {
    const failed = await format("norm f(x) {\n  a = \n}\n", { parser: "norm", plugins: [plugin] }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: "SyntaxError", loc: { start: { line: 2, column: 6 } }, codeFrame: expect.stringContaining("> 2 |   a =") });
  });
});
