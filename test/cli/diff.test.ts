/** `norm diff` and `norm git-diff`: options and exit codes as processes, the rest in this one, which is quicker. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { type DiffOptions, diffCommand } from "../../src/cli/diff.js";
import { ProblemsFound, UsageError } from "../../src/cli/exit.js";
import { interpret } from "../../src/ir/interpret.js";
import { elements } from "../../src/ir/types.js";
import { RunError } from "../../src/runtime/errors.js";
import { encodeSafetensors, readSafetensors } from "../../src/runtime/safetensors.js";
import { base as spec, subjectOf } from "../compare/diff/specs.js";
import { type Ended, norm, scratch } from "./norm.js";

const bin = fileURLToPath(new URL("../../bin/norm.js", import.meta.url));

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Runs the command in this process, in a folder, as `main.ts` does. */
async function run(cwd: string, specs: readonly string[], options: Partial<DiffOptions> = {}): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const home = process.cwd();
  process.chdir(cwd);
  const spies = (["stdout", "stderr"] as const).map((name) => vi.spyOn(process[name], "write").mockImplementation((text) => {
    written[name] += String(text);
    return true;
  }));
  try {
    await diffCommand(specs, { format: "text", ...options });
    return { code: 0, ...written };
  } catch (error) {
    if (error instanceof ProblemsFound) return { code: 1, ...written };
    if (error instanceof UsageError || error instanceof RunError) return { code: error instanceof UsageError ? 2 : 1, stdout: written.stdout, stderr: `norm: ${error.message}\n` };
    throw error;
  } finally {
    spies.forEach((spy) => spy.mockRestore());
    process.chdir(home);
  }
}

const sandwich = spec.replace("place pre", "place sandwich");
const two = sandwich.replace("batch 4", "batch 8");

test("the exit code tells whether something differs", async () => {
  const cwd = folderOf({ "a.norm": spec, "b.norm": sandwich, "same.norm": `// the same\n${spec}`, "wrong.norm": spec.replace("place pre", "place nowhere") });
  const of = async (...args: string[]) => (await norm(["diff", ...args, "--exit-code"], { cwd })).code;
  expect(await of("a.norm", "same.norm")).toBe(0);
  expect(await of("a.norm", "b.norm")).toBe(2);
  expect(await of("a.norm", "wrong.norm")).toBe(1);
  expect(await of("a.norm")).toBe(1);
  const wrong = await run(cwd, ["a.norm", "wrong.norm"]);
  expect(wrong).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("nowhere") });
  expect((await run(cwd, ["a.norm"])).code).toBe(2);
  expect((await run(cwd, ["a.norm", "b.norm"])).code).toBe(0);
});

test("one variable can be demanded", async () => {
  const cwd = folderOf({ "a.norm": spec, "b.norm": sandwich, "two.norm": two });
  expect(await run(cwd, ["a.norm", "b.norm"], { expectOneVariable: true })).toMatchObject({ code: 0, stderr: "" });
  const { code, stderr } = await norm(["diff", "a.norm", "two.norm", "--expect-one-variable"], { cwd });
  expect({ code, stderr }).toEqual({ code: 1, stderr: "norm: exactly one thing should differ between a.norm and two.norm, and 2 things do\n  encoder.place: pre → sandwich\n  batch: 4 → 8\n" });
  expect((await run(cwd, ["a.norm", "a.norm"], { expectOneVariable: true })).stderr).toContain("nothing does");
});

test("recipes of one name are compared, and the others named", async () => {
  const several = (own: string, more: string) => `${own}\n${more}`;
  const cwd = folderOf({
    "a.norm": several(spec, "train wide = small with { dim = 16 }\ntrain old = small with { seed 5 }\n"),
    "b.norm": several(spec, "train wide = small with { dim = 32 }\ntrain new = small with { seed 6 }\n"),
    "one.norm": sandwich.replace("train small", "train other"),
  });
  const { code, stdout } = await run(cwd, ["a.norm", "b.norm"]);
  expect(code).toBe(0);
  expect(stdout).toContain("A  a.norm#wide\nB  b.norm#wide\n");
  expect(stdout).not.toContain("A  a.norm#small");
  expect(stdout).toMatch(/without differences: small\n- only a\.norm has old\n\+ only b\.norm has new\n2 pairs compared; 1 variable in all\.\n$/);
  expect((await run(cwd, ["a.norm#small", "b.norm"])).stdout).toContain("B  b.norm#small\n");
  expect(await run(cwd, ["one.norm", "b.norm"])).toMatchObject({ code: 1, stderr: expect.stringContaining("name one: `b.norm#small`") });
  const json = JSON.parse((await run(cwd, ["a.norm", "b.norm"], { format: "json" })).stdout) as { diffs: { changes: { fingerprint: string; name: string }[] }[]; onlyBefore: string[] };
  expect(json.onlyBefore).toEqual(["old"]);
  expect(json.diffs.map(({ changes }) => changes.map(({ name }) => name))).toEqual([[], ["dim"]]);
});

test("definitions are compared, with settings", async () => {
  const cwd = folderOf({ "a.norm": spec, "parts.norm": spec.slice(0, spec.indexOf("model ")) });
  const wide = (await run(cwd, ["a.norm#classifier", "a.norm#classifier(dim: 16)"])).stdout;
  expect(wide).toContain("      - 8   a.norm:29\n      + 16  a.norm#classifier(dim: 16)\n");
  expect(wide).toContain("recipe: no recipe was compared");
  expect((await run(cwd, ["parts.norm#mine", "parts.norm#mine(floor: 0.1)"])).stdout).toMatch(/^same weights, another function: the one weight tensor loads/m);
  expect((await run(cwd, ["parts.norm#encoder(width: 16)", "parts.norm#encoder(width: 16, ratio: 4)"])).stdout).toMatch(/ratio \(parameter\)\n {6}- 2 .*\n {6}\+ 4 /);
  expect(await run(cwd, ["a.norm#clasifier", "a.norm"])).toMatchObject({ code: 1, stderr: expect.stringContaining("classifier") });
});

test("a matrix has a column for each variant", async () => {
  const cwd = folderOf({ "a.norm": spec, "b.norm": sandwich, "two.norm": two });
  const names = ["a.norm", "b.norm", "two.norm"];
  const text = (await norm(["diff", "--matrix", ...names], { cwd })).stdout;
  expect(text).toMatch(/^ +a\.norm +b\.norm +two\.norm$/m);
  expect(text).toMatch(/^ {2}encoder\.place +pre +sandwich +sandwich$/m);
  expect(text).toMatch(/^ {2}batch +4 +· +8$/m);
  expect(text).toMatch(/^ {2}variables +1 +2$/m);
  expect((await run(cwd, names, { matrix: true, format: "md" })).stdout).toContain("| `encoder.place` | `pre` | `sandwich` | `sandwich` |");
  expect((await run(cwd, names, { matrix: true, format: "html" })).stdout).toContain("<td class=\"changed\"><code>sandwich</code></td>");
  const { base, variants, decisions } = JSON.parse((await run(cwd, names, { matrix: true, format: "json" })).stdout) as { base: string; variants: unknown[]; decisions: { name: string; variants: unknown[] }[] };
  expect(base).toBe("a.norm");
  expect(variants).toMatchObject([{ name: "b.norm", variables: 1 }, { name: "two.norm", variables: 2 }]);
  expect(decisions.find(({ name }) => name === "batch")!.variants).toMatchObject(["same", { text: "8", file: "two.norm" }]);
  expect((await run(cwd, ["a.norm"], { matrix: true })).code).toBe(2);
});

test("operations and kernels are compared part by part", async () => {
  const cwd = folderOf({ "a.norm": spec, "b.norm": sandwich });
  const { stdout } = await norm(["diff", "a.norm", "b.norm", "--ir", "--kernels"], { cwd });
  const ir = stdout.slice(stdout.indexOf("operations of a training step"), stdout.indexOf("operations of an evaluation"));
  expect(ir).toMatch(/^ {2}encoder\.0\.\.1\.attention\.after\.tokens, forward, in each of 2 parts$/m);
  expect(ir).toMatch(/^ {6}\+ rsqrt \(f32\[batch: 4, token: 4\]\) → f32\[batch: 4, token: 4\]$/m);
  const numberOf = (text: string) => Number(text.replaceAll(",", ""));
  const [, before, after] = /training step: ([\d,]+) → ([\d,]+)/.exec(ir)!.map(numberOf);
  const kept = numberOf(/^ {2}([\d,]+) operations unchanged in all/m.exec(ir)![1]!);
  // What goes and what comes is all that there is besides.
  const counts = { "-": 0, "+": 0 };
  let parts = 1;
  for (const line of ir.split("\n")) {
    if (/^ {2}\S/.test(line)) parts = Number(/in each of (\d+) parts/.exec(line)?.[1] ?? 1);
    const found = /^ {6}([-+]) (?:(\d+)× )?/.exec(line);
    if (found !== null) counts[found[1] as "-" | "+"] += parts * Number(found[2] ?? 1);
  }
  expect([kept + counts["-"], kept + counts["+"]]).toEqual([before, after]);
  expect(counts["+"]).toBeGreaterThan(100);
  expect(stdout).toMatch(/^ {2}kernels launched in a step +\d+ +\d+ +\+\d+ +\+\d+ %$/m);
  expect(stdout).toMatch(/^work of the kernels of a training step: \d+ → \d+ pieces$/m);
  const same = await run(cwd, ["a.norm", "a.norm"], { ir: true, kernels: true });
  expect(same.stdout).not.toMatch(/^ {6}[-+] /m);
});

/** A repository with a commit of these files. */
function repository(files: Readonly<Record<string, string>>): { readonly cwd: string; readonly git: (...args: string[]) => string } {
  const cwd = folderOf(files);
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
  const git = (...args: string[]) => execFileSync("git", args, { cwd, env, encoding: "utf8" });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-q", "-m", "first");
  return { cwd, git };
}

test("revisions are compared, with the files that they use", async () => {
  const parts = "use std.norms { layer }\nnorm mine(x, floor = 1e-3) { return layer(x) * floor }\n";
  const using = `use "parts.norm" { mine }\n${spec.replace(/norm mine[^}]*}\n/s, "")}`;
  const { cwd, git } = repository({ "specs/a.norm": using, "specs/parts.norm": parts });
  writeFileSync(join(cwd, "specs/parts.norm"), parts.replace("1e-3", "1e-2"));
  git("commit", "-q", "-am", "second");
  writeFileSync(join(cwd, "specs/a.norm"), using.replace("place pre", "place sandwich"));
  const changed = async (revision: string) => {
    const { stdout, stderr, code } = await run(cwd, ["specs/a.norm"], { git: revision, format: "json" });
    if (code !== 0) return `${code} ${stderr}`;
    return (JSON.parse(stdout) as { diffs: { changes: { name: string }[] }[] }).diffs[0]!.changes.map(({ name }) => name);
  };
  expect(await changed("HEAD")).toEqual(["encoder.place"]);
  expect(await changed("HEAD~1..HEAD")).toEqual(["mine"]);
  expect(await changed("HEAD~1")).toEqual(["encoder.place", "mine"]);
  expect((await norm(["diff", "specs/a.norm", "--git", "HEAD"], { cwd })).stdout).toContain("- pre       HEAD:specs/a.norm:");
  expect(await changed("nothing")).toMatch(/^2 .*git knows no revision nothing/);
  // No revision is an option of git, or a command of a shell.
  expect(await changed("--output=stolen")).toMatch(/^2 /);
  expect(await changed("$(touch stolen)")).toMatch(/^2 .*git knows no revision/);
  expect(existsSync(join(cwd, "stolen"))).toBe(false);
  expect(await run(cwd, ["none.norm"], { git: "HEAD" })).toMatchObject({ code: 2, stderr: expect.stringContaining("there is no none.norm in revision HEAD") });
});

test("git shows what changes mean, and lines where that cannot be said", { timeout: 60_000 }, () => {
  const { cwd, git } = repository({ "a.norm": spec, "gone.norm": "use std.norms { layer }\n\nnorm own = layer(eps: 1e-3)\n", "moved.norm": spec.replace("dim = 8", "dim = 24"), ".gitattributes": "*.norm diff=norm\n" });
  git("config", "diff.norm.command", `"${process.execPath}" "${bin}" git-diff`);
  const changed = (text: string) => {
    writeFileSync(join(cwd, "a.norm"), text);
    return git("diff", "--", "a.norm");
  };
  expect(changed(sandwich)).toMatch(/^diff --norm a\/a\.norm b\/a\.norm\n\nA {2}a\/a\.norm\nB {2}b\/a\.norm\n\nsome weights load: .*\n {2}forced by encoder\.place, b\/a\.norm:19\n/);
  expect(changed(`// more\n${spec}`)).toBe("diff --norm a/a.norm b/a.norm\nthe meaning is the same: formatting, comments, `use` lines or the order of definitions differ\n");
  // A definition that nothing uses may be what the change is about.
  const unused = changed(`${spec}\nnorm unused(x) { return x * 2 }\n`);
  expect(unused).toContain("the meaning of small is the same; written otherwise: norm unused; by lines:\n");
  expect(unused).toContain("+norm unused(x) { return x * 2 }");
  expect(changed(`${sandwich}\nnorm unused(x) { return x * 2 }\n`)).toMatch(/1 variable of the model differs.*\n\nalso written otherwise, .*: norm unused\n$/);
  const wrong = changed(spec.replace("place pre", "place nowhere"));
  expect(wrong).toMatch(/no comparison of what they mean: .*nowhere.* \(b\/a\.norm:19:\d+\); by lines:\n@@ /);
  expect(wrong).toContain("\n-  place pre\n+  place nowhere\n");
  changed(sandwich);

  rmSync(join(cwd, "gone.norm"));
  renameSync(join(cwd, "moved.norm"), join(cwd, "there.norm"));
  writeFileSync(join(cwd, "there.norm"), spec.replace("dim = 8", "dim = 32"));
  writeFileSync(join(cwd, "added.norm"), "model tiny() {\n  input x[token: 4]\n  loss mean(x^2)\n}\n");
  git("add", "-A");
  git("commit", "-q", "-m", "second");
  const log = git("log", "-p", "--ext-diff", "-M", "-1");
  expect(log).toContain("diff --norm /dev/null b/added.norm\na new spec, with tiny\n@@ -0,0");
  expect(log).toContain("diff --norm a/gone.norm /dev/null\nthe spec is gone, with no recipe, model or stack\n@@ -1");
  expect(log).toMatch(/diff --norm a\/moved\.norm b\/there\.norm\nsimilarity index \d+%\nrename from moved\.norm\nrename to there\.norm\n/);
  expect(log).toMatch(/- 24 +a\/moved\.norm:\d+\n {6}\+ 32 +b\/there\.norm:\d+/);
  // The same through the environment.
  expect(execFileSync("git", ["diff", "HEAD~1", "HEAD", "--", "a.norm"], { cwd, encoding: "utf8", env: { ...process.env, GIT_EXTERNAL_DIFF: `"${process.execPath}" "${bin}" git-diff` } })).toContain("forced by encoder.place");
});

test("weights load as far as the verdict says, and no further", { timeout: 60_000 }, async () => {
  const cwd = folderOf({ "a.norm": spec, "b.norm": sandwich, "renamed.norm": spec.replace(/\bpatches\b/g, "cells") });
  const { program } = subjectOf(spec).compiled;
  const slots = [...program.parameters, ...program.states.filter(({ owner }) => owner === "model")];
  const tensors = new Map(slots.map(({ name, type }, at) => [name, { type: "f32" as const, shape: type.axes.map(({ extent }) => extent), data: Float32Array.from({ length: elements(type.axes) }, (_, i) => Math.sin(at + i)) }]));
  const written = (all: typeof tensors) => writeFileSync(join(cwd, "a.safetensors"), Buffer.concat(encodeSafetensors({ tensors: all, metadata: new Map() })));
  written(tensors);
  const load = (other: string) => run(cwd, ["a.norm", other], { weights: "a.safetensors", out: "out.safetensors" });
  const out = () => readSafetensors(join(cwd, "out.safetensors")).tensors;

  const told = await load("b.norm");
  expect(told).toMatchObject({ code: 0, stderr: expect.stringMatching(/^out\.safetensors: 58 of 78 weight tensors are from a\.safetensors; 20 are new, as seed 3 draws them\n {2}weights of B that begin new \(20\):\n {4}encoder\.0\.\.1\.attention\.after\./) });
  const { compiled } = subjectOf(sandwich);
  const first = interpret(compiled.program.entries.get("initialise")!, { slots: new Map(), inputs: new Map(), seed: 3, step: 0 }).updates;
  expect([...out().keys()].toSorted()).toEqual(compiled.program.parameters.map(({ name }) => name).toSorted());
  for (const [name, { data }] of out()) {
    const expected = tensors.get(name)?.data ?? Float32Array.from(first.get(name)!);
    expect([name, ...data]).toEqual([name, ...expected]);
  }

  // All load under their new names, and nothing is drawn.
  expect((await load("renamed.norm")).stderr).toContain("out.safetensors: 58 of 58 weight tensors are from a.safetensors\n  weights with another name (2):\n    patches.weight → cells.weight\n");
  expect([...out().get("cells.weight")!.data]).toEqual([...tensors.get("patches.weight")!.data]);

  rmSync(join(cwd, "out.safetensors"));
  written(new Map([...tensors].slice(1)));
  expect(await load("b.norm")).toMatchObject({ code: 1, stderr: expect.stringContaining("it lacks patches.weight, which the first spec has") });
  written(new Map([...tensors, ["other", tensors.get("patches.weight")!]]));
  expect(await load("b.norm")).toMatchObject({ code: 1, stderr: expect.stringContaining("it holds other, which the first spec does not have") });
  expect(existsSync(join(cwd, "out.safetensors"))).toBe(false);
  expect((await run(cwd, ["a.norm", "b.norm"], { weights: "a.safetensors", out: "./a.safetensors" })).code).toBe(2);
  expect(readFileSync(join(cwd, "a.safetensors")).length).toBeGreaterThan(1000);
});
