/** The extension for VS Code: its manifest fits the grammar and the server, and it finds the command. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { findCommand } from "../../editors/vscode/src/command.js";
import { capabilities } from "../../src/editor/server.js";
import { identifierPattern } from "../../src/syntax/tokens.js";

const extension = new URL("../../editors/vscode/", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, extension), "utf8"));

interface Manifest {
  readonly version: string;
  readonly main: string;
  readonly engines: { readonly vscode: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly languages: readonly { readonly id: string; readonly extensions: readonly string[]; readonly configuration: string }[];
    readonly grammars: readonly { readonly language?: string; readonly scopeName: string; readonly path: string; readonly injectTo?: readonly string[] }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
}
const manifest = read("package.json") as Manifest;
const grammar = readFileSync(new URL("../../grammar/norm.tmLanguage.json", extension), "utf8");
const { markdownGrammar } = (await import(new URL("markdown-grammar.mjs", extension).href)) as { markdownGrammar: { scopeName: string; injectionSelector: string } };

const folder = mkdtempSync(join(tmpdir(), "norm-extension-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the manifest names the language, its files and the grammar's scope", () => {
  const { scopeName, fileTypes } = JSON.parse(grammar) as { scopeName: string; fileTypes: string[] };
  const { languages, grammars } = manifest.contributes;
  expect(languages.map(({ id }) => id)).toEqual(["norm"]);
  expect(languages[0]!.extensions).toEqual(fileTypes.map((type) => `.${type}`));
  expect(grammars.find(({ language }) => language === "norm")?.scopeName).toBe(scopeName);
  expect(grammars.find(({ injectTo }) => injectTo?.includes("text.html.markdown"))?.scopeName).toBe(markdownGrammar.scopeName);
  expect(manifest.version).toBe((JSON.parse(readFileSync(new URL("../../package.json", extension), "utf8")) as { version: string }).version);
});

test("the lock names no place that packages come from", () => {
  const lock = readFileSync(new URL("package-lock.json", extension), "utf8");
  expect(lock).not.toContain('"resolved"');
  expect((JSON.parse(lock) as { packages: Record<string, { dependencies?: object }> }).packages[""]!.dependencies).toEqual(manifest.dependencies);
});

test("the client's library speaks the server's protocol", () => {
  const own = (JSON.parse(readFileSync(new URL("../../package.json", extension), "utf8")) as Manifest).dependencies["vscode-languageserver"];
  expect(manifest.dependencies["vscode-languageclient"]!.split(".")[0]).toBe(own!.split(".")[0]);
  // What the extension counts on beside the library.
  expect(capabilities).toMatchObject({ documentFormattingProvider: true, inlayHintProvider: true });
});

test("words and brackets of the editor are those of the language", () => {
  const { wordPattern, brackets, comments } = read("language-configuration.json") as { wordPattern: { pattern: string }; brackets: string[][]; comments: { lineComment: string } };
  expect(wordPattern.pattern).toBe(identifierPattern.source);
  expect(brackets.map((pair) => pair.join(""))).toEqual(["{}", "[]", "()"]);
  expect(comments.lineComment).toBe("//");
});

test("fences of Norm in Markdown are coloured as Norm, others are not", async () => {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
  const markdown = { scopeName: "text.html.markdown", patterns: [{ name: "markup.fenced_code.block.markdown", begin: "^```", end: "^```" }] };
  const texts: Readonly<Record<string, string>> = { "source.norm": grammar, [markdownGrammar.scopeName]: JSON.stringify(markdownGrammar), "text.html.markdown": JSON.stringify(markdown) };
  const registry = new textmate.Registry({
    onigLib: oniguruma.loadWASM(wasm).then(() => ({
      createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text: string) => new oniguruma.OnigString(text),
    })),
    loadGrammar: async (scope) => textmate.parseRawGrammar(texts[scope]!, `${scope}.json`),
    getInjections: (scope) => (scope === "text.html.markdown" ? [markdownGrammar.scopeName] : []),
  });
  const loaded = (await registry.loadGrammar("text.html.markdown"))!;
  let stack = textmate.INITIAL;
  const scopes = ["text", "```norm", "repeat 3 { mlp }", "```", "repeat", "```js", "repeat 3", "```"].map((line) => {
    const { tokens, ruleStack } = loaded.tokenizeLine(line, stack);
    stack = ruleStack;
    return tokens.flatMap((token) => token.scopes).join(" ");
  });
  expect(scopes.map((scope) => scope.includes("keyword") && scope.includes("meta.embedded.block.norm"))).toEqual([false, false, true, false, false, false, false, false]);
});

test("the folder's own command comes first, then the configured one, then that of the path", () => {
  const write = (...parts: string[]) => {
    const path = join(folder, ...parts);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, "");
    return path;
  };
  const own = write("spec", "node_modules", "normlang", "bin", "norm.js");
  const configured = write("other", "norm.js");
  const onPath = write("bin", "norm");
  const path = [join(folder, "empty"), join(folder, "bin")].join(delimiter);
  const search = { folders: [join(folder, "spec")], configured, path, isWindows: false };
  expect(findCommand(search)).toEqual({ program: own, args: ["lsp"], isModule: true });
  expect(findCommand({ ...search, folders: [] })).toEqual({ program: configured, args: ["lsp"], isModule: true });
  expect(findCommand({ ...search, folders: [], configured: "" })).toEqual({ program: onPath, args: ["lsp"], isModule: false });
  // What is configured is meant: another one is not taken in its place.
  expect(findCommand({ ...search, folders: [], configured: join(folder, "nowhere") })).toBeUndefined();
  expect(findCommand({ ...search, folders: [], configured: "", path: "" })).toBeUndefined();
});
