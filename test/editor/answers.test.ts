/** What the server answers about a spec without mistakes, through the protocol. */

import { beforeAll, expect, test } from "vitest";
import { capabilities } from "../../src/editor/server.js";
import { type Server, edited, marked, serve, textIn } from "./client.js";
import { small } from "./specs.js";

const uri = "file:///specs/small.norm";
let server: Server;

beforeAll(async () => {
  server = await serve();
  await server.open(uri, small);
  expect(await server.compiled(uri)).toEqual([]);
});

const at = (words: string, inside = 0) => {
  const found = small.indexOf(words);
  if (found < 0) throw new Error(`no ${words} in the spec`);
  return found + inside;
};

test("it can what its code says", () => {
  expect(server.initialized?.capabilities).toEqual(capabilities);
});

test("inlay hints tell axes with extents, and the policy that lands at each sublayer", async () => {
  const hinted = await server.hinted(uri);
  const lines = hinted.split("\n").filter((line) => line.includes("«")).map((line) => line.trim());
  expect(lines).toEqual([
    "peak«: [batch: 32, token: 4]» = max(abs(x) over feature)",
    "attention(heads) placed sandwich«0: before cls rms · tokens loudest(floor: 0.01); after cls batch · tokens loudest(floor: 0.01); 1–2: cls batch · tokens …»",
    "mlp(hidden: 4 * dim)«cls rms · tokens loudest(floor: 0.01)»",
    "normalize«cls batch · tokens loudest(floor: 0.01) | cls rms · tokens loudest(floor: 0.01)»",
    "patches«: [batch: 32, token: 4, feature: 16 | 32]» = linear(patchify(image, patch: 14), dim)",
    "wide«: 64 | 128» = 4 * dim",
    "encoded«: [batch: 32, token: 1 cls + 4 tokens, feature: 16 | 32]» = encoder(cls: learned(1), tokens: patches, dim, depth, heads)",
    "logits«: [batch: 32, token: 1 cls, feature: 10]» = linear(encoded.cls, classes)",
  ]);
  // What is cut is whole in the tooltip.
  const cut = (await server.hints(uri)).find(({ label }) => (label as string).endsWith("…"));
  expect(cut!.tooltip).toBe("0: before cls rms · tokens loudest(floor: 0.01); after cls batch · tokens loudest(floor: 0.01); 1–2: cls batch · tokens loudest(floor: 0.01)");
});

test("a hover on a norm in a policy tells what it is and where it lands", async () => {
  const text = await server.hoverText(uri, at("loudest(floor: 1e-2)", 2));
  expect(text).toContain("norm loudest(x, floor = 1e-3)");
  expect(text).toContain("Features divided by their largest magnitude.");
  expect(text).toContain("- encoder.0–2.attention.before (tokens)");
  expect(text).toContain("- encoder.final (tokens)");
});

test("a hover on a sublayer tells policy, shape and parameters", async () => {
  const text = await server.hoverText(uri, at("mlp(hidden"));
  expect(text).toContain("norms here: cls rms · tokens loudest(floor: 0.01)");
  expect(text).toContain("in and out: tensor[batch: 32, token: 1 cls + 4 tokens, feature: 16]");
  // Two maps of 16 to 64 and back with their biases, and two norms with 16 scales each.
  expect(text).toContain(`${(16 * 64 + 64 + 64 * 16 + 16 + 32).toLocaleString("en")} parameters, 32 of them in norms, in each of 3 repetitions`);
});

test("a hover on a name tells its axes or its number", async () => {
  expect(await server.hoverText(uri, at("encoded.cls, classes", 2))).toContain("encoded: tensor[batch: 32, token: 1 cls + 4 tokens, feature: 16]");
  expect(await server.hoverText(uri, at("wide ="))).toContain("wide: 64\n      128");
  expect(await server.hoverText(uri, at("image[row"))).toContain("image: tensor[batch: 32, row: 28, column: 28, channel: 1]");
  expect(await server.hoverText(uri, at("train digits", 7))).toMatch(/parameters, .* of them in norms/);
  expect(await server.hoverText(uri, at("cross_entropy"))).toContain("objective cross_entropy(logits, label");
});

test.each([
  ["a norm of the spec", "loudest(floor", "norm ", "loudest"],
  ["a parameter of a call", "floor: 1e-2", "norm loudest(x, ", "floor"],
  ["a local name", "encoded.cls, classes", "depth = 3, heads = 2, classes = 10", undefined],
  ["a group behind a dot", "cls, classes", "groups { ", "cls"],
  ["a group of a policy", "tokens: loudest", "groups { cls, ", "tokens"],
  ["a model's binding in a recipe", "logits: sgd", "tokens: patches, dim, depth, heads)\n  ", "logits"],
  ["a stack in a path of an ablation", "encoder.normalize", "stack ", "encoder"],
  ["a parameter of a model in an ablation", "depth in", "model classifier(dim = 16, ", "depth"],
  ["a parameter that a variant gives", "dim = 32", "model classifier(", "dim"],
  ["a measured name", "encoded.cls) every", "wide = 4 * dim\n  ", "encoded"],
])("goes to %s", async (_, use, before, name) => {
  const found = await server.definition(uri, at(use, 1));
  expect(found?.uri).toBe(uri);
  if (name === undefined) return;
  const offset = at(before) + before.length;
  expect(found!.range.start).toEqual(server.position(uri, offset));
  expect(textIn(small, found!.range)).toBe(name);
});

test("goes into the standard library", async () => {
  const found = await server.definition(uri, at("batch\n    tokens"));
  expect(found?.uri).toMatch(/stdlib\/std\/norms\.norm$/);
  expect(await server.definition(uri, at("std.norms", 5))).toMatchObject({ uri: expect.stringMatching(/std\/norms\.norm$/) as string });
});

test("lists the references of a group wherever it is named", async () => {
  const found = await server.references(uri, at("cls, tokens }"));
  expect(found.map(({ range }) => `${range.start.line + 1}: ${small.split("\n")[range.start.line]!.trim()}`)).toEqual([
    "14: groups { cls, tokens }",
    "16: cls: batch",
    "19: normalize at first, mlp.before { cls: rms }",
    "35: encoded = encoder(cls: learned(1), tokens: patches, dim, depth, heads)",
    "36: logits = linear(encoded.cls, classes)",
    "49: measure uniformity(encoded.cls) every 1 epoch",
    "53: encoder = encoder with { normalize at final { cls: rms } }",
    "58: vary encoder.normalize.cls in { layer, batch, rms }",
  ]);
  expect((await server.references(uri, at("cls, tokens }"), false)).length).toBe(found.length - 1);
});

test.each([
  ["a group", "cls, tokens }", "summary", 8],
  ["a stack", "encoder(dim", "body", 5],
  ["a norm", "loudest(x", "peaked", 2],
  ["a parameter", "dim, depth, heads) {", "width", 2],
  ["a binding", "logits =", "scores", 4],
  ["a recipe", "digits of", "numbers", 4],
])("renames %s in all places", async (_, words, name, count) => {
  const edit = await server.rename(uri, at(words), name);
  const edits = edit!.changes![uri]!;
  expect(edits.length).toBe(count);
  const after = edited(small, edits);
  expect(after.split(name).length - 1).toBe(count + (small.split(name).length - 1));
  const other = `file:///specs/renamed-${name}.norm`;
  await server.open(other, after);
  expect(await server.compiled(other)).toEqual([]);
  await server.close(other);
});

test.each([
  ["a name of the library", "batch\n    tokens", "other", "belongs to the standard library"],
  ["what the language gives", "max(abs", "other", "belongs to the language"],
  ["an input", "image[row", "picture", "the data gives the input"],
  ["to a word of the language", "encoder(dim", "repeat", "is a word of the language"],
  ["to no name", "encoder(dim", "3d", "is no name"],
  ["to a name that is taken", "encoder(dim", "classifier", "means something else there already"],
  ["to a name that would be hidden", "logits =", "patches", "means something else there already"],
  ["a module", "std.norms", "other", "named by its file"],
  ["nothing", "= 4 *", "other", "no name here"],
])("refuses to rename %s", async (_, words, name, message) => {
  await expect(server.rename(uri, at(words), name)).rejects.toThrow(message);
});

test("says beforehand what would be renamed", async () => {
  expect(await server.prepareRename(uri, at("encoded =", 3))).toEqual({ range: { start: server.position(uri, at("encoded =")), end: server.position(uri, at(" = encoder(cls")) }, placeholder: "encoded" });
  await expect(server.prepareRename(uri, at("batch\n    tokens"))).rejects.toThrow("standard library");
});

test("outlines the spec", async () => {
  const symbols = await server.symbols(uri);
  expect(symbols.map(({ name, detail, children }) => `${detail} ${name}: ${children!.map((child) => child.name).join(" ")}`)).toEqual([
    "norm loudest: scale peak",
    "stack encoder: cls tokens",
    "model classifier: image label patches wide encoded logits",
    "train digits: ",
    "train wider: ",
    "ablation norms: ",
  ]);
});

test("folds blocks and the lines of `use`, and keeps their last lines in sight", async () => {
  const folds = (await server.folding(uri)).map(({ startLine, endLine, kind }) => [startLine + 1, endLine + 1, ...(kind === undefined ? [] : [kind])]);
  expect(folds).toContainEqual([1, 3, "imports"]);
  expect(folds).toContainEqual([13, 26]);
  expect(folds).toContainEqual([15, 17]);
  expect(folds).toContainEqual([22, 24]);
});

/** What is offered in a text that is in the place of the whole spec. */
async function offered(text: string): Promise<string[]> {
  const { text: whole, offset } = marked(text);
  const other = "file:///specs/typed.norm";
  await server.open(other, whole);
  const items = await server.completion(other, offset);
  await server.close(other);
  return items.toSorted((a, b) => (a.sortText! < b.sortText! ? -1 : 1)).map(({ label }) => label);
}

test.each([
  ["norms behind a group", small.replace("cls: batch", "cls: |"), ["batch", "layer", "loudest", "rms", "none"], ["pre", "attention", "encoder", "repeat"]],
  ["groups in a policy", small.replace("cls: batch", "|"), ["cls", "tokens"], ["batch", "dim"]],
  ["groups in a policy of a variant", small.replace("final { cls: rms }", "final { | }"), ["cls", "tokens"], ["rms"]],
  ["placements behind `place`", small.replace("place pre", "place |"), ["pre", "sandwich", "post"], ["batch", "attention"]],
  ["placements behind `placed`", small.replace("placed sandwich", "placed |"), ["pre", "sandwich"], ["batch"]],
  ["layers and words in a stack", small.replace("    mlp(", "    |\n    mlp("), ["attention", "mlp", "linear", "repeat", "when", "normalize"], ["batch", "loss", "report"]],
  ["words of a recipe", small.replace("  steps 10", "  |"), ["seed", "precision", "epochs", "freeze", "measure"], ["input", "loss", "groups"]],
  ["words of a model", small.replace("  wide = 4 * dim", "  |"), ["input", "loss", "report", "param", "when"], ["groups", "seed"]],
  ["parameters of what is called", small.replace("mlp(hidden: 4 * dim)", "mlp(|"), ["hidden:", "activation:", "dim"], ["heads:"]],
  ["groups and parameters of a stack", small.replace("encoder(cls: learned(1), ", "encoder(|"), ["cls:", "tokens:", "dim:", "depth:", "heads:"], ["hidden:"]],
  ["names and built-ins in an expression", small.replace("wide = 4 * dim", "wide = 4 * |"), ["dim", "patches", "image", "size", "mean", "linear"], ["digits", "pre", "adamw", "encoded"]],
  ["modules", "use std.|", ["norms", "placements", "layers"], ["attention"]],
  ["modules with `std`", "use |", ["std.norms", "std.layers"], []],
  ["names of a module", "use std.placements { pre, | }", ["post", "sandwich", "deep"], ["batch", "attention"]],
  ["optimizers", small.replace("optimizer adamw(decay: 0)", "optimizer |"), ["adamw", "sgd", "at"], ["cosine", "batch_plain"]],
  ["schedules", small.replace("cosine(peak: 2e-3, warmup: 5%)", "|"), ["cosine"], ["adamw", "attention"]],
  ["loaders", small.replace('idx("data/digits")', "|"), ["idx", "csv", "text"], ["adamw", "attention"]],
  ["initializers", small.replace("param scale[feature] = 1", "param scale[feature] ~ |"), ["xavier", "normal"], ["attention", "batch"]],
  ["axes", small.replace("abs(x) over feature", "abs(x) over |"), ["feature", "token", "batch"], ["loudest", "x"]],
  ["groups behind a dot", small.replace("linear(encoded.cls", "linear(encoded.|"), ["cls", "tokens"], ["dim"]],
  ["what a variant replaces", small.replace("  dim = 32", "  |"), ["dim", "depth", "encoder", "batch", "steps"], ["loss"]],
  ["paths of sites", small.replace("at first, mlp.before", "at |"), ["first", "last", "mlp", "attention", "final"], ["cls"]],
  ["paths of parameters", small.replace("freeze patches", "freeze |"), ["patches", "logits", "norm", "encoder"], ["cosine"]],
  ["paths of an ablation", small.replace("vary depth", "vary |"), ["encoder", "depth", "batch"], ["cosine"]],
  ["groups in a path of an ablation", small.replace("encoder.normalize.cls in", "encoder.normalize.| in"), ["cls", "tokens"], ["dim"]],
  ["models behind `of`", small.replace("digits of classifier", "digits of |"), ["classifier"], ["encoder", "digits"]],
  ["definitions at the left edge", `${small}\n|`, ["norm", "stack", "model", "train", "use"], ["repeat", "loss", "batch"]],
])("offers %s", async (_, text, wanted, unwanted) => {
  const labels = await offered(text);
  for (const label of wanted) expect(labels).toContain(label);
  for (const label of unwanted) expect(labels).not.toContain(label);
});

test("offers nothing in comments and texts", async () => {
  expect(await offered(small.replace("/// Features", "/// Fea|tures"))).toEqual([]);
  expect(await offered(small.replace("data/digits", "data/|digits"))).toEqual([]);
});

test("a name that is not in use comes with its `use`", async () => {
  const { text, offset } = marked(small.replace("place pre", "place po|"));
  const other = "file:///specs/unused.norm";
  await server.open(other, text);
  const item = (await server.completion(other, offset)).find(({ label }) => label === "post")!;
  await server.close(other);
  const after = edited(text, [item.textEdit as never, ...item.additionalTextEdits!]);
  expect(after).toContain("use std.placements { post, pre, sandwich }");
  expect(after).toContain("place post\n");
});

test("no feature failed", () => {
  expect(server.faults).toEqual([]);
});
