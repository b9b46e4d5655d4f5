/** The plugin in the real Prettier: its command and its functions, with whatever options, print what `norm format` prints. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import * as prettier from "prettier";
import { afterAll, describe, expect, test } from "vitest";
import { formatText } from "../../src/format/format.js";
import { formatMarkdown } from "../../src/format/markdown.js";
import plugin from "../../src/format/plugin.js";
import { samples } from "../syntax/samples.js";

const spec = samples.find(({ name }) => name === "stacks.norm")!.text;
const loose = "stack s(d) { groups{cls,tokens} normalize{cls:batch tokens:layer} place pre }";
const canonical = await formatText(loose);
const page = (block: string) => `- a\n\n  \`\`\`norm\n${block.replace(/^(?=.)/gm, "  ")}  \`\`\`\n\n> ~~~norm\n${block.replace(/^/gm, "> ").replace(/> $/, "")}> ~~~\n`;

/** Every option of Prettier's that could change how something is printed. */
const options = fc.record({
  printWidth: fc.integer({ min: 20, max: 200 }),
  tabWidth: fc.integer({ min: 1, max: 8 }),
  useTabs: fc.boolean(),
  semi: fc.boolean(),
  singleQuote: fc.boolean(),
  bracketSpacing: fc.boolean(),
  bracketSameLine: fc.boolean(),
  trailingComma: fc.constantFrom("all" as const, "es5" as const, "none" as const),
  objectWrap: fc.constantFrom("preserve" as const, "collapse" as const),
  experimentalOperatorPosition: fc.constantFrom("start" as const, "end" as const),
  proseWrap: fc.constantFrom("always" as const, "never" as const, "preserve" as const),
  insertPragma: fc.boolean(),
  requirePragma: fc.boolean(),
});

describe("as functions", () => {
  test("no option changes anything", async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.constantFrom(...samples), async (given, { text }) => {
        expect(await prettier.format(text, { ...given, filepath: "a.norm", plugins: [plugin] })).toBe(text);
        expect(await prettier.check(text, { ...given, filepath: "a.norm", plugins: [plugin] })).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("blocks in Markdown are printed alike, unless embedded languages are left alone", async () => {
    const at = { parser: "markdown", plugins: [plugin] };
    const markdown = page(`${loose}\n`);
    for (const given of [{}, { printWidth: 20, tabWidth: 8, useTabs: true }]) {
      const printed = await prettier.format(markdown, { ...at, ...given });
      expect(printed.replace(/^[\t >]+/gm, "")).toContain(canonical.replace(/^ +/gm, ""));
    }
    expect(await prettier.format(markdown, { ...at, embeddedLanguageFormatting: "off" })).toContain(loose);
    expect(await formatMarkdown(markdown)).toBe(page(canonical));
    expect(await formatMarkdown(await prettier.format(markdown, at))).toBe(await prettier.format(markdown, at));
  });

  test("line ends and a byte order mark are Prettier's to decide", async () => {
    const at = { filepath: "a.norm", plugins: [plugin] };
    expect(await prettier.format(spec.replaceAll("\n", "\r\n"), at)).toBe(spec);
    expect(await prettier.format(spec, { ...at, endOfLine: "crlf" })).toBe(spec.replaceAll("\n", "\r\n"));
    expect(await prettier.format(`\uFEFF${spec}`, at)).toBe(`\uFEFF${spec}`);
  });

  test("an editor's cursor stays about where it is", async () => {
    const { formatted, cursorOffset } = await prettier.formatWithCursor(loose, { filepath: "a.norm", plugins: [plugin], cursorOffset: loose.indexOf("place") });
    expect(formatted).toBe(canonical);
    expect(Math.abs(cursorOffset - canonical.indexOf("place"))).toBeLessThanOrEqual(1);
  });
});

describe("as a command", () => {
  const folder = mkdtempSync(join(tmpdir(), "norm-prettier-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "studies", private: true }));
  // As an installed package, found by its name.
  symlinkSync(fileURLToPath(new URL("../..", import.meta.url)), join(folder, "node_modules/normlang"), "dir");
  const binary = join(dirname(createRequire(import.meta.url).resolve("prettier/package.json")), "bin/prettier.cjs");
  const run = (...args: string[]) => spawnSync(process.execPath, [binary, ...args], { cwd: folder, encoding: "utf8" });

  test("files and pages are written by the plugin, found by its name in a configuration full of options", () => {
    writeFileSync(join(folder, ".prettierrc.json"), JSON.stringify({ plugins: ["normlang/prettier"], printWidth: 40, tabWidth: 8, useTabs: true, semi: false }));
    writeFileSync(join(folder, "a.norm"), loose);
    writeFileSync(join(folder, "broken.norm"), "norm f(x) {\n  a = \n}\n");
    writeFileSync(join(folder, "page.md"), `\`\`\`norm\n${loose}\n\`\`\`\n`);
    const { status, stderr } = run("--write", "a.norm", "broken.norm", "page.md");
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("broken.norm: SyntaxError:") });
    expect(readFileSync(join(folder, "a.norm"), "utf8")).toBe(canonical);
    expect(readFileSync(join(folder, "broken.norm"), "utf8")).toBe("norm f(x) {\n  a = \n}\n");
    expect(readFileSync(join(folder, "page.md"), "utf8")).toBe(`\`\`\`norm\n${canonical}\`\`\`\n`);
    expect(execFileSync(process.execPath, [binary, "--check", "a.norm", "page.md"], { cwd: folder, encoding: "utf8" })).toContain("All matched files use Prettier code style!");
  });
});

describe("Markdown that `norm format` is given", () => {
  test.each([
    ["a page without blocks", "# a\n\n    norm f=g\n\n`norm f=g`\n\n```js\nf( x )\n```\n"],
    ["blocks with mistakes", "```norm\nnorm f( {\n```\n"],
    ["an empty block", "```norm\n```\n\n```norm\n\n```\n"],
  ])("stays: %s", async (_, text) => {
    expect(await formatMarkdown(text)).toBe(text);
  });

  test.each([
    ["with words behind the language", "```norm fragment: norm f\nnorm f=g\n```", "```norm fragment: norm f\nnorm f = g\n```"],
    ["that is not closed", "text\n\n```norm\nnorm f=g", "text\n\n```norm\nnorm f = g"],
    ["in a list in a quotation", "> 1. a\n>    ````norm\n>    use a norm f=g\n>    ````\n> b", "> 1. a\n>    ````norm\n>    use a\n>\n>    norm f = g\n>    ````\n> b"],
    ["with carriage returns and a byte order mark", "\uFEFF```norm\r\nnorm f=g\r\n```\r\n", "\uFEFF```norm\r\nnorm f = g\r\n```\r\n"],
  ])("has its block formatted %s", async (_, text, formatted) => {
    expect(await formatMarkdown(text)).toBe(formatted);
    expect(await formatMarkdown(formatted)).toBe(formatted);
  });

  test("is changed in its blocks and nowhere else, whatever it is", async () => {
    const line = fc.tuple(fc.constantFrom("", " ", "  ", "   ", "    ", "\t", "> ", "- ", "1. ", ">  - ", "-\t"), fc.constantFrom("```norm", "```", "~~~norm", "~~~", "norm f(x) {a=b c=d}", "norm f=g", "  a = b", "}", "text", ""));
    const outside = (text: string) => text.replace(/[\s>]+/g, "").replaceAll("normf(x){a=bc=d}", "");
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const text = lines.map(([before, behind]) => before + behind).join("\n");
        const formatted = await formatMarkdown(text);
        expect(outside(formatted)).toBe(outside(text));
        expect(await formatMarkdown(formatted)).toBe(formatted);
      }),
      { numRuns: 150 },
    );
  });
});
