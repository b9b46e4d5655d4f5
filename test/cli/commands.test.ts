/** The other commands as processes: what they print, and how they end. */

import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/ir/parse.js";
import { norm, scratch, smallSpec } from "./norm.js";

const wrong = "model m {\n  input x[token: 2, feature: 3]\n  loss mean(y)\n}\n";

describe("norm check", () => {
  test("ends with 0 when all is well, 1 when problems were found, 2 when it was used wrongly", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const spec = smallSpec(folder);
    const bad = join(folder, "wrong.norm");
    writeFileSync(bad, wrong);
    expect((await norm(["check", spec])).code).toBe(0);
    const found = await norm(["check", bad]);
    expect(found.code).toBe(1);
    expect(found.stderr).toContain("error[N0201]: nothing is called `y` here");
    expect((await norm(["check", join(folder, "none.norm")])).code).toBe(2);
    expect((await norm(["chekc"])).code).toBe(2);
    expect((await norm([])).code).toBe(2);
    expect((await norm(["--help"])).code).toBe(0);
  });

  test("gives the same as data", async () => {
    const bad = join(scratch(), "wrong.norm");
    writeFileSync(bad, wrong);
    const { code, stdout } = await norm(["check", bad, "--format", "json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ diagnostics: [{ code: "N0201", severity: "error", start: { line: 3, column: 13 }, end: { line: 3, column: 14 } }] });
  });
});

describe("norm build", () => {
  test("prints stages that can be read back", { timeout: 60_000 }, async () => {
    const spec = smallSpec(scratch());
    for (const stage of ["ir", "step"]) {
      const { code, stdout } = await norm(["build", spec, "--emit", stage]);
      expect(code).toBe(0);
      expect(parseProgram(stdout).parameters.length).toBeGreaterThan(10);
    }
    expect((await norm(["build", spec, "--emit", "model"])).stdout).toContain("encoder.attention.before: cls layer, tokens layer");
    expect(JSON.parse((await norm(["build", spec, "--emit", "tree"])).stdout)).toMatchObject({ kind: "File" });
  });

  test.each([
    { target: "wasm", build: [], alone: ["--threads", "3"], together: ["--threads", "2"], told: "device wasm (SIMD", further: [] },
    { target: "tfjs", build: ["--target", "tfjs"], alone: ["--device", "wasm"], together: ["--target", "tfjs", "--device", "wasm"], told: "tfjs on wasm", further: ["long", "seedrandom", "@types/emscripten"] },
  ])("writes a trainer for $target that runs without the compiler, and trains to the same bits", { timeout: 120_000 }, async ({ target, build, alone, together, told, further }) => {
    const folder = scratch();
    const spec = smallSpec(folder, (text) => text.replace("steps 60", "steps 5"));
    const out = join(folder, "trainer");
    expect((await norm(["build", spec, ...build, "--out", out])).code).toBe(0);
    expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))).toMatchObject({ target });
    // Far from the package: only the libraries that its package.json names are there.
    const elsewhere = join(scratch(), "trainer");
    cpSync(out, elsewhere, { recursive: true });
    const { dependencies } = JSON.parse(readFileSync(join(elsewhere, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    for (const name of [...Object.keys(dependencies), ...further]) {
      const place = join(elsewhere, "node_modules", name);
      const source = fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));
      if (!existsSync(source)) continue;
      mkdirSync(join(place, ".."), { recursive: true });
      symlinkSync(source, place);
    }
    const run = (name: string) => ["--json", "--out", join(folder, name)];
    const { code, stderr } = await norm(["--data", folder, ...alone, ...run("alone")], { script: join(elsewhere, "train.js"), cwd: elsewhere });
    expect(stderr).toContain(told);
    expect(code).toBe(0);
    expect((await norm(["train", spec, ...together, ...run("together")])).code).toBe(0);
    const bits = (name: string) => readFileSync(join(folder, name, "weights.safetensors"));
    expect(bits("alone").equals(bits("together"))).toBe(true);
  });
});

describe("norm format", () => {
  test("formats standard input, and leaves a file with mistakes untouched", async () => {
    const folder = scratch();
    const { code, stdout } = await norm(["format"], { input: "function f( x ){return x+1}" });
    expect(code).toBe(0);
    expect(stdout).toBe("function f(x) { return x + 1 }\n");
    const bad = join(folder, "bad.norm");
    writeFileSync(bad, "function f(x) { return }");
    expect((await norm(["format", bad])).code).toBe(1);
    expect(readFileSync(bad, "utf8")).toBe("function f(x) { return }");
    const loose = join(folder, "loose.norm");
    writeFileSync(loose, "function f( x ){return x}");
    expect((await norm(["format", "--check", folder])).code).toBe(1);
    expect(readFileSync(loose, "utf8")).toBe("function f( x ){return x}");
  });
});

describe("norm explain", () => {
  test("prints documentation and text, and suggests similar names", async () => {
    const { code, stdout } = await norm(["explain", "std.norms.layer"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Ba, Kiros and Hinton");
    expect(stdout).toContain("norm layer(x, eps = 1e-5) {");
    const unknown = await norm(["explain", "std.norms.lair"]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("std.norms.layer");
  });
});
