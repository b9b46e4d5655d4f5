/** Laws: typing anything anywhere never stops the server, completion stands everywhere, and renaming changes nothing but names. */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { compile } from "../../src/compiler/compile.js";
import { completions } from "../../src/editor/completion.js";
import { editorHost, pathOf, uriOf } from "../../src/editor/files.js";
import { hoverAt } from "../../src/editor/hover.js";
import { rename, renamedAt, RenameError } from "../../src/editor/rename.js";
import { Spec } from "../../src/editor/spec.js";
import { keyOf } from "../../src/editor/targets.js";
import { Workspace } from "../../src/editor/workspace.js";
import { formatText } from "../../src/format/format.js";
import type { Program } from "../../src/ir/program.js";
import { edited, serve } from "./client.js";
import { small } from "./specs.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith(".norm")).map((name) => ({ name, text: readFileSync(folder + name, "utf8") }));
const host = editorHost(folder, new Map());

test("completion and hover answer at every position of the examples, also where the rest is not written yet", () => {
  for (const { name, text } of examples) {
    const whole = new Spec(folder + name, text, host);
    for (let offset = 0; offset <= text.length; offset += 31) {
      completions(whole, offset);
      hoverAt({ spec: whole, analysis: undefined }, offset);
    }
    for (let offset = 0; offset <= text.length; offset += 397) completions(new Spec(folder + name, text.slice(0, offset), host), offset);
  }
});

test("what a completed example has at a place is offered there", () => {
  const spec = new Spec(`${folder}small.norm`, small, host);
  let offered = 0;
  const missing = spec.occurrences().filter(({ start, end, isDeclaration, target }) => {
    // New names cannot be known, and numbers of repetitions are no names.
    if (isDeclaration || target.kind === "module") return false;
    offered++;
    const word = small.slice(start, end);
    return !completions(spec, start).some(({ label }) => label === word || label === `${word}:`);
  });
  expect(offered).toBeGreaterThan(60);
  expect(missing.map(({ start }) => small.slice(start).split("\n")[0])).toEqual([]);
});

const pieces = ["{", "}", "(", ")", "[", "]", "\"", "//", "\n", "\r\n", " ", ",", ":", "=", "<-", "..", "😀", "\uFEFF", "normalize", "stack", "use std.", "with {", "1e", "%", "cls", "over", "\\", "@", "repeat 3 {", "layer("];

test("random edits never stop the server", async () => {
  const server = await serve();
  const uri = "file:///specs/random.norm";
  await server.open(uri, small);
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(30), insert: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 12 }), async (edits) => {
      await server.replace(uri, small);
      for (const { at, remove, insert } of edits) {
        const { length } = server.text(uri);
        const start = Math.floor(at * length);
        await server.change(uri, start, Math.min(length, start + remove), insert);
        const here = Math.min(server.text(uri).length, start + insert.length);
        await Promise.all([server.completion(uri, here), server.hover(uri, here), server.definition(uri, here), server.references(uri, here), server.symbols(uri), server.folding(uri), server.hints(uri)]);
        // It may refuse, but not fail.
        await server.rename(uri, here, "other").catch((error: Error) => expect(error.message).not.toMatch(/internal|undefined/i));
        await server.formatting(uri);
      }
      expect(server.faults).toEqual([]);
      expect(server.isRunning).toBe(true);
    }),
    { numRuns: 12 },
  );
  await server.replace(uri, small);
  expect(await server.until(uri, (all) => all.length === 0)).toEqual([]);
});

/** A program without the names that people gave: what it computes, in which order, on what. */
function anonymous(program: Program): string {
  return JSON.stringify([...program.entries.values()].map(({ operations }) => operations.map(({ kind, type, operands }) => [kind, type.dtype, type.axes.map(({ extent }) => extent), operands.map((operand) => operations.indexOf(operand))])));
}

function programs(text: string): readonly string[] {
  const { diagnostics, recipes } = compile("spec.norm", text, host);
  expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  return [...recipes.values()].map(({ program }) => anonymous(program));
}

test("renaming, then formatting, then compiling gives the same program", async () => {
  // Without measures, to be quick; each of them compiles as a program of its own.
  const text = small.replace(/ {2}measure .*\n/, "").replace("(dim = 16, depth = 3", "(dim = 8, depth = 1");
  const before = programs(text);
  const workspace = new Workspace();
  const uri = "file:///specs/renamed.norm";
  workspace.set(TextDocument.create(uri, "norm", 1, text));
  const view = workspace.view(uri)!;
  const keys = new Set<string>();
  let refused = 0;
  for (const { start, target } of view.spec.occurrences()) {
    const name = (() => {
      try {
        return renamedAt(view, start).placeholder;
      } catch (error) {
        expect(error).toBeInstanceOf(RenameError);
        refused++;
        return undefined;
      }
    })();
    const key = JSON.stringify([target.kind, name, "definition" in target ? target.definition.start : 0]);
    if (name === undefined || keys.has(key)) continue;
    keys.add(key);
    const renamed = await formatText(edited(text, rename(workspace, view, start, `another_${name}`, []).changes![uri]!));
    expect(renamed).toContain(`another_${name}`);
    // The name is gone from every place where it was this one's; and back again it is the same text.
    expect(programs(renamed), name).toEqual(before);
  }
  expect(keys.size).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(10);
});

test("renaming in examples of several files leaves each of them as right as it was", () => {
  let renamed = 0;
  let refused = 0;
  for (const name of ["ablation-sepnorm.norm", "study-normformer.norm"]) {
    const uri = uriOf(folder + name);
    const workspace = new Workspace();
    workspace.set(TextDocument.create(uri, "norm", 1, readFileSync(folder + name, "utf8")));
    const view = workspace.view(uri)!;
    const known = new Set<string>();
    for (const { start, target } of view.spec.occurrences()) {
      const key = keyOf(target, (path) => path);
      if (known.has(key)) continue;
      known.add(key);
      try {
        const old = renamedAt(view, start).placeholder;
        const { changes } = rename(workspace, view, start, `another_${old}`, [folder]);
        const open = new Map(Object.entries(changes!).map(([file, edits]) => [pathOf(file)!, edited(readFileSync(new URL(file), "utf8"), edits)]));
        const own = editorHost(folder, open);
        for (const [path, text] of open) expect(new Spec(path, text, own).diagnostics.map(({ message }) => message), `${key} in ${path}`).toEqual([]);
        // Groups and parameters show only when the spec is compiled: some are.
        if (renamed++ % 10 === 0) expect(compile(folder + name, open.get(folder + name)!, own).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(RenameError);
        refused++;
      }
    }
  }
  expect(renamed).toBeGreaterThan(15);
  expect(refused).toBeGreaterThan(15);
});
