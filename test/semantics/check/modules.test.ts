/** `use`: where modules are looked for, what they give, and what cannot be used. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { check, compiled, expectDiagnostics, landed, only, shortly, spec } from "./harness.js";

const norm = "norm mine(x) { return 2 * x }";

describe("a norm from a file beside the spec", () => {
  it.each([
    ["by the file's name", 'use "parts.norm" { mine }', "mine"],
    ["by a name with dots", "use parts { mine }", "mine"],
    ["under another name", 'use "parts.norm" { mine as ours }', "ours"],
    ["through the whole module", 'use "parts.norm"', "parts.mine"],
    ["through the whole module, by its dotted name", "use parts", "parts.mine"],
    ["by a path with a detour", 'use "./more/../parts.norm" { mine }', "mine"],
  ])("%s", (_, use, name) => {
    const recipe = compiled(spec({ definitions: use, normalize: `normalize { cls, tokens: ${name} }`, depth: "1", end: "" }), "run", { "parts.norm": norm });
    expect(landed(recipe)).toEqual(["encoder.0.attention.before: cls+tokens -> mine"]);
  });

  it("may lie in a folder below", () => {
    const normalize = "normalize { cls, tokens: mine }";
    compiled(spec({ definitions: "use more.parts { mine }", normalize }), "run", { "more/parts.norm": norm });
    compiled(spec({ definitions: 'use "more/parts.norm" { mine }', normalize }), "run", { "more/parts.norm": norm });
  });
});

it("uses the standard library as whole modules", () => {
  const definitions = "use std.norms norm tight = norms.layer(eps: 1e-9)";
  expect(landed(compiled(spec({ definitions, normalize: "normalize { cls: norms.rms, tokens: tight }", depth: "1", end: "" })))).toEqual([
    "encoder.0.attention.before: cls -> rms",
    "encoder.0.attention.before: tokens -> layer(eps: 1e-9)",
  ]);
  expectDiagnostics("use std.norms norm own = norms.«layr»", ["N0204"]);
});

describe("what cannot be used", () => {
  it.each([
    ["a module that is not there", "use «parts» { mine }", ["N0203"]],
    ["a file that is not there", "use «\"parts.norm\"» { mine }", ["N0203"]],
    ["a part of the standard library that is not there", "use «std.norm» { layer }", ["N0203"]],
    ["a name that the module does not define", "use std.norms { «layr» }", ["N0204"]],
    ["a name that the module only uses", "use beside { «layer» }", ["N0204"]],
    ["a file outside of the folder", 'use «"../x.norm"» { mine }', ["N0203"]],
    ["a file outside of the folder, by a detour", 'use «"more/../../x.norm"» { mine }', ["N0203"]],
    ["an absolute path", 'use «"/etc/passwd"» { mine }', ["N0203"]],
    ["a path with a drive", 'use «"C:/x.norm"» { mine }', ["N0203"]],
    ["an address", 'use «"https://example.org/x.norm"» { mine }', ["N0203"]],
    ["a folder", 'use «"."»', ["N0203"]],
    ["a whole module whose file has no name to use it by", 'use «"two-words.norm"»', ["N0203"]],
    ["one definition of such a module", 'use "two-words.norm" { mine }', []],
    ["nothing", 'use «""» { mine }', ["N0203"]],
    ["one name twice", "use std.norms { layer, rms as «layer» }", ["N0202"]],
    ["a name that the spec defines", "use std.norms { «layer» } norm layer(x) { return x }", ["N0202"]],
    ["a whole module whose name is taken", "norm norms(x) { return x } «use std.norms»", ["N0202"]],
  ])("%s", (_, text, said) => {
    expectDiagnostics(text, said, { "beside.norm": "use std.norms { layer }", "two-words.norm": norm });
  });

  it("is told once, and what rests on it stays silent", () => {
    expectDiagnostics(spec({ definitions: "use «parts» { mine, yours }", normalize: "normalize { cls: mine, tokens: yours }" }), ["N0203"]);
    expectDiagnostics(spec({ definitions: "use std.norms { «lyer» }", normalize: "normalize { cls: lyer, tokens: lyer }" }), ["N0204"]);
  });

  it("is told with what there is", () => {
    expect(only("use std.norms { layerr }").help).toBe("a similar name exists: `layer`");
    expect(only("use std.norm { layer }").help).toContain("`std.norms`");
  });
});

describe("mistakes in a module", () => {
  const use = (file: string, text: string) => check(spec({ definitions: 'use "parts.norm" { mine }', normalize: "normalize { cls, tokens: mine }" }), { [file]: text }).diagnostics;

  it("are told in its file", () => {
    const found = use("parts.norm", "norm mine(x) {\n  return y\n}");
    expect(found.map((one) => `${one.place.source.path}: ${shortly(one)}`)).toEqual(["parts.norm: error N0201 on line 2: y"]);
    expect(use("parts.norm", "norm mine(x { return x }").map(({ place, code }) => `${place.source.path}: ${code}`)).toEqual(["parts.norm: N0102"]);
  });

  it("may be that it uses the spec, which uses it: that is allowed", () => {
    const files = { "parts.norm": 'use "test.norm" { half }\nnorm mine(x) { return half(x) }' };
    expectDiagnostics(spec({ definitions: 'use "parts.norm" { mine } function half(x) { return x / 2 }', normalize: "normalize { cls, tokens: mine }" }), [], files);
  });

  it("may be that definitions in two files are each other", () => {
    expectDiagnostics('use "parts.norm" { two }\nnorm «one» = two', ["N0205"], { "parts.norm": 'use "test.norm" { one }\n\n\n\n\nnorm two = one' });
  });
});

describe("files on a disk", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "norm-check-"));
    mkdirSync(join(root, "specs"));
    writeFileSync(join(root, "outside.norm"), norm);
    writeFileSync(join(root, "specs", "inside.norm"), norm);
    symlinkSync(join(root, "outside.norm"), join(root, "specs", "leads-out.norm"));
    symlinkSync(root, join(root, "specs", "up"));
    symlinkSync(join(root, "specs", "inside.norm"), join(root, "specs", "leads-in.norm"));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ["inside.norm", []],
    ["leads-in.norm", []],
    ["leads-out.norm", ["N0203"]],
    ["up/outside.norm", ["N0203"]],
    ["../outside.norm", ["N0203"]],
    ["missing.norm", ["N0203"]],
  ])("%s", (file, codes) => {
    const { diagnostics } = compile("test.norm", `use "${file}" { mine }`, fileHost(join(root, "specs")));
    expect(diagnostics.map(({ code }) => code)).toEqual(codes);
  });
});
