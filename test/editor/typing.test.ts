/** Mistakes as one types, their mends, positions, and specs of several files. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, edited, serve, textIn } from "./client.js";
import { small } from "./specs.js";

let server: Server;
const folder = mkdtempSync(join(tmpdir(), "norm-editor-"));
let count = 0;
const fresh = () => `file:///specs/typing-${count++}.norm`;

beforeAll(async () => {
  server = await serve(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("mistakes come and go with the text, with codes, mends and related places", async () => {
  const uri = fresh();
  await server.open(uri, small);
  await server.until(uri, (found) => found.length === 0);
  const at = small.indexOf("loudest(floor");
  await server.change(uri, at, at + 7, "loudst");
  const [found] = await server.until(uri, (all) => all.length === 1);
  expect(found).toMatchObject({ code: "N0201", severity: 1, source: "norm", message: expect.stringContaining("help: similar names exist: `loudest`, `count`") as string });
  expect(textIn(server.text(uri), found!.range)).toBe("loudst");
  await server.change(uri, at, at + 6, "loudest");
  await server.until(uri, (all) => all.length === 0);
  const line = small.indexOf("    cls: batch\n");
  await server.change(uri, line, line + "    cls: batch\n".length, "");
  const all = await server.until(uri, (told) => told.some(({ code }) => code === "N0304"));
  const policy = all.find(({ code }) => code === "N0304")!;
  expect(policy.relatedInformation!.map(({ message, location }) => [message, textIn(server.text(uri), location.range)])).toEqual([["declared here", "cls"]]);
  await server.close(uri);
});

test("what is told last is of the text as it is last, however fast it is typed", async () => {
  const uri = fresh();
  await server.open(uri, small);
  const at = small.indexOf("wide = 4 * dim") + "wide = 4 * dim".length;
  const typed = " + dim / 3 + nowhere";
  for (let i = 0; i < typed.length; i++) await server.change(uri, at + i, at + i, typed[i]!);
  const found = await server.until(uri, (all) => all.some(({ message }) => (message as string).includes("`nowhere`")));
  expect(found.map(({ code }) => code)).toEqual(["N0201"]);
  for (let i = typed.length; i > 0; i--) await server.change(uri, at + i - 1, at + i, "");
  expect(await server.until(uri, (all) => all.length === 0)).toEqual([]);
  await server.close(uri);
});

test("what was known of shapes is shown while the text has mistakes, at the places where it is now", async () => {
  const uri = fresh();
  await server.open(uri, small);
  await server.compiled(uri);
  const at = small.indexOf("stack encoder");
  await server.change(uri, at, at, "layer open(x) {\n  y = linear(\n");
  await server.until(uri, (all) => all.length > 0);
  const hinted = await server.hinted(uri);
  expect(hinted).toContain("wide«: 64 | 128» = 4 * dim");
  expect(hinted).toContain("mlp(hidden: 4 * dim)«cls rms");
  await server.close(uri);
});

/** The text after the action with this title for the only mistake with this code. */
async function mended(text: string, code: string, title: string): Promise<string> {
  const uri = fresh();
  await server.open(uri, text);
  const found = await server.until(uri, (all) => all.some((one) => one.code === code));
  const actions = await server.actions(uri, found.find((one) => one.code === code)!);
  const action = actions.find((one) => one.title === title);
  if (action === undefined) throw new Error(`only ${JSON.stringify(actions.map((one) => one.title))}`);
  expect(action).toMatchObject({ kind: "quickfix", diagnostics: [{ code }] });
  const after = edited(text, action.edit!.changes![uri]!);
  await server.replace(uri, after);
  await server.until(uri, (all) => !all.some((one) => one.code === code));
  await server.close(uri);
  return after;
}

test.each([
  ["a misspelled norm", small.replace("cls: batch", "cls: bacth"), "N0201", "replace `bacth` by `batch`", "cls: batch\n"],
  ["a misspelled parameter", small.replace("mlp(hidden:", "mlp(hiden:"), "N0206", "replace `hiden` by `hidden`", "mlp(hidden:"],
  ["a misspelled axis", small.replace("over feature)\n  return", "over featur)\n  return"), "N0301", "replace `featur` by `feature`", "over feature)\n  return"],
  ["a misspelled group", small.replace("cls: batch", "clss: batch"), "N0306", "replace `clss` by `cls`", "cls: batch"],
  ["a misspelled import", small.replace("{ batch, layer, rms }", "{ batch, layr, rms }"), "N0204", "replace `layr` by `layer`", "{ batch, layer, rms }"],
  ["a misspelled module", small.replace("use std.norms", "use std.norm"), "N0203", "replace `std.norm` by `std.norms`", "use std.norms {"],
  ["a group without a policy", small.replace("    cls: batch\n", ""), "N0304", "add `cls: layer`", "    tokens: loudest(floor: 1e-2)\n    cls: layer\n  }"],
  ["groups without a policy", small.replace("    cls: batch\n", ""), "N0304", "add `..: layer`", "    tokens: loudest(floor: 1e-2)\n    ..: layer\n  }"],
  ["a policy on one line", small.replace(/normalize \{[^}]*\}/, "normalize { tokens: layer }"), "N0304", "add `cls: layer`", "normalize { tokens: layer cls: layer }"],
  ["a line given twice", small.replace("  steps 10\n", "  steps 10\n  batch 64\n"), "N0502", "remove this line", "  steps 10\n  measure"],
  ["a missing line", small.replace("  batch 32\n", ""), "N0501", "add `batch 128`", "every 1 epoch\n  batch 128\n}"],
  ["a norm that is not in use", small.replace("cls: batch", "cls: instance"), "N0201", "use the norm `instance` of std.norms", "use std.norms { batch, instance, layer, rms }"],
  ["a line given twice with CRLF", small.replace("  steps 10\n", "  steps 10\n  batch 64\n").replaceAll("\n", "\r\n"), "N0502", "remove this line", "  steps 10\r\n  measure"],
])("mends %s", async (_, text, code, title, wanted) => {
  expect(await mended(text, code, title)).toContain(wanted);
});

test.each(["\n", "\r\n", "\r"])("positions count UTF-16 code units, and lines that end with %j", async (end) => {
  const uri = fresh();
  const plain = `// 𝒳 stands for 😀\nuse std.layers { linear }\n\n/// 😀 twice\nfunction größe(x) { return linear(x, "😀" == wrong, größer) }\n`;
  const text = plain.replaceAll("\n", end);
  await server.open(uri, text);
  const found = await server.until(uri, (all) => all.length === 2);
  expect(found.map(({ range }) => textIn(text, range))).toEqual(["wrong", "größer"]);
  const hover = await server.hover(uri, text.indexOf("größe(") + 2);
  expect(textIn(text, hover!.range!)).toBe("größe");
  expect((await server.actions(uri, found[1]!)).map(({ title }) => title)).toContain("replace `größer` by `größe`");
  await server.close(uri);
});

test("a byte order mark changes no place", async () => {
  const uri = fresh();
  const text = `\uFEFFuse std.norms { layr }\n`;
  await server.open(uri, text);
  const [found] = await server.until(uri, (all) => all.length === 1);
  expect(textIn(text, found!.range)).toBe("layr");
  expect(edited(text, await server.formatting(uri))).toBe(text);
  await server.close(uri);
});

test("formats the whole document with its own line ends, and leaves one with mistakes alone", async () => {
  const uri = fresh();
  const rough = small.replaceAll("  ", " ").replace("groups { cls, tokens }", "groups {cls,\ntokens}");
  for (const end of ["\n", "\r\n"]) {
    await server.open(uri, rough.replaceAll("\n", end));
    expect(edited(server.text(uri), await server.formatting(uri))).toBe(small.replaceAll("\n", end));
    await server.replace(uri, small.replaceAll("\n", end));
    expect(await server.formatting(uri)).toEqual([]);
    await server.replace(uri, rough.replace("groups {", "groups {{"));
    expect(await server.formatting(uri)).toEqual([]);
    await server.close(uri);
  }
});

test("specs of several files: mistakes, definitions and renames in all of them", async () => {
  mkdirSync(join(folder, "parts"));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return pathToFileURL(join(folder, name)).href;
  };
  const [head, model] = [small.slice(0, small.indexOf("model classifier")), small.slice(small.indexOf("model classifier"))];
  // With a byte order mark, which editors do not count.
  const part = write("parts/encoders.norm", `\uFEFF${head}`);
  const main = write("main.norm", `use parts.encoders { encoder }\nuse std.norms { batch, layer, rms }\nuse std.layers { linear, patchify }\n\n${model}`);
  const other = write("other.norm", `use "parts/encoders.norm" { encoder as body }\n\nstack mine = body with { normalize { ..: none } }\n`);
  const text = `use parts.encoders { encoder }\nuse std.norms { batch, layer, rms }\nuse std.layers { linear, patchify }\n\n${model}`;
  await server.open(main, text);
  expect(await server.compiled(main)).toEqual([]);
  const found = await server.definition(main, text.indexOf("encoder(cls"));
  expect(found?.uri).toBe(part);
  expect(textIn(head, found!.range)).toBe("encoder");
  const edit = await server.rename(main, text.indexOf("encoder(cls"), "trunk");
  expect(Object.keys(edit!.changes!).toSorted()).toEqual([main, other, part].toSorted());
  expect(edited(head, edit!.changes![part]!)).toContain("stack trunk(dim");
  expect(edited(`use "parts/encoders.norm" { encoder as body }`, edit!.changes![other]!)).toBe(`use "parts/encoders.norm" { trunk as body }`);
  expect(edit!.changes![main]!.length).toBe(5);
  // What is open comes before what is on disk, and a mistake in a part is told where it is.
  await server.open(part, head.replace("place pre", "place prre"));
  await server.until(part, (all) => all.some(({ message }) => (message as string).includes("`prre`")));
  await server.change(part, head.indexOf("place pre"), head.indexOf("place pre") + "place prre".length, "place pre");
  await server.until(part, (all) => all.length === 0);
  await server.until(main, (all) => all.length === 0);
});

test("a part that lies further down finds the files that it uses from above", async () => {
  mkdirSync(join(folder, "deep"));
  writeFileSync(join(folder, "norms.norm"), "use std.norms { layer }\n\nnorm own = layer(eps: 1e-3)\n");
  const uri = pathToFileURL(join(folder, "deep/inner.norm")).href;
  const text = `use norms { own }\n\nstack s(dim) {\n  groups { tokens }\n  normalize { tokens: own }\n}\n`;
  writeFileSync(join(folder, "deep/inner.norm"), text);
  await server.open(uri, text);
  expect(await server.compiled(uri)).toEqual([]);
  expect((await server.definition(uri, text.lastIndexOf("own")))?.uri).toBe(pathToFileURL(join(folder, "norms.norm")).href);
  await server.close(uri);
});

test("no feature failed", () => {
  expect(server.faults).toEqual([]);
  expect(server.isRunning).toBe(true);
});
