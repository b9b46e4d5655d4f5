/** `norm format` as a person runs it: what it writes, what it leaves alone, and what it says. */

import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { ProblemsFound, UsageError } from "../../src/cli/exit.js";
import { formatFiles } from "../../src/cli/format.js";
import { readTextFile, replaceText } from "../../src/cli/text-file.js";
import { norm, scratch } from "../cli/norm.js";

const command = fileURLToPath(new URL("../../bin/norm.js", import.meta.url));

/** How to run as someone whom permissions hold back: an administrator is not, unless as nobody, who may be unable to reach the command. */
const unprivileged = [process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}].find(
  (user) => process.platform !== "win32" && spawnSync(process.execPath, [command, "--version"], user).status === 0,
);

const loose = "norm f( x ){return x} // c";
const canonical = "norm f(x) { return x } // c\n";
const broken = "norm f(x) { return }";

/** Writes files into an empty folder, whose path it gives. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = scratch();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/**
 * What the command does with paths and says of it, with its exit code, without starting a process: that takes longer than
 * all the rest of these tests. Paths are told as they are below the folder.
 */
async function format(folder: string, paths: readonly string[], check = false): Promise<{ code: number; stderr: string }> {
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  try {
    await formatFiles(paths.map((path) => join(folder, path)), { check });
    return { code: 0, stderr: told() };
  } catch (error) {
    if (error instanceof ProblemsFound) return { code: 1, stderr: told() };
    if (error instanceof UsageError) return { code: 2, stderr: error.message.replaceAll(`${folder}/`, "") };
    throw error;
  } finally {
    stderr.mockRestore();
  }
  function told(): string {
    return said.join("").replaceAll(`${folder}/`, "");
  }
}

/** Every file below a folder with its content. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => lstatSync(join(folder, name)).isFile());
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("files and folders", () => {
  test("specs in a folder are formatted, and a file with mistakes is told of and left alone", async () => {
    const files = { "a.norm": loose, "b.norm": broken, "c/d.norm": loose, "e.norm": canonical, "notes.md": `\`\`\`norm\n${loose}\n\`\`\`\n`, ".git/x.norm": loose, "node_modules/x.norm": loose };
    const cwd = folderOf(files);
    const { code, stdout, stderr } = await norm(["format", "."], { cwd });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^a\.norm\nerror\[N0102\].*\n --> b\.norm:1:20\n[^]*\nc\/d\.norm\n$/);
    expect(contents(cwd)).toEqual({ ...files, "a.norm": canonical, "c/d.norm": canonical });
  });

  test("--check changes nothing and names what is not formatted", async () => {
    const files = { "a.norm": loose, "b.norm": canonical, "c.norm": `\uFEFF${canonical}`, "d.norm": canonical.replaceAll("\n", "\r\n") };
    const cwd = folderOf(files);
    expect(await format(cwd, ["."], true)).toEqual({ code: 1, stderr: "a.norm is not formatted\nc.norm is not formatted\nd.norm is not formatted\n" });
    expect(contents(cwd)).toEqual(files);
    expect((await format(cwd, ["."])).code).toBe(0);
    expect(await format(cwd, ["."], true)).toEqual({ code: 0, stderr: "" });
  });

  test("a path that leads nowhere, or to something else, stops all before anything is touched", async () => {
    const files = { "a.norm": loose, "notes.txt": loose };
    const cwd = folderOf(files);
    for (const [other, message] of [["nowhere.norm", "no such file"], ["notes.txt", "only specs"], ["../../dev/null", "it is no file"]] as const) {
      expect(await format(cwd, ["a.norm", other])).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    }
    expect(contents(cwd)).toEqual(files);
  });

  test("the `norm` blocks of a Markdown file that is named are formatted, and the rest stays", async () => {
    const page = (spec: string) => `A page\r\n===\r\n\r\n* one\r\n*   two\r\n\r\n~~~norm\r\n${spec}~~~\r\n\r\n\`\`\`norm\r\n${broken}\r\n\`\`\`\r\n`;
    const cwd = folderOf({ "page.md": page(`${loose}\r\n`) });
    expect(await format(cwd, ["page.md"], true)).toEqual({ code: 1, stderr: "page.md is not formatted\n" });
    expect(await format(cwd, ["page.md"])).toEqual({ code: 0, stderr: "page.md\n" });
    expect(contents(cwd)).toEqual({ "page.md": page(canonical.replaceAll("\n", "\r\n")) });
  });

  test("links stay links, and a file that is named twice is formatted once", async () => {
    const cwd = folderOf({ "a.norm": loose, "elsewhere/b.norm": loose });
    symlinkSync("a.norm", join(cwd, "link.norm"));
    symlinkSync("elsewhere", join(cwd, "linked"));
    symlinkSync("nowhere", join(cwd, "dangling.norm"));
    expect(await format(cwd, ["link.norm", "a.norm", "./a.norm"])).toEqual({ code: 0, stderr: "link.norm\n" });
    expect(lstatSync(join(cwd, "link.norm")).isSymbolicLink()).toBe(true);
    expect((await format(cwd, ["."])).stderr).toBe("elsewhere/b.norm\n");
    expect(readFileSync(join(cwd, "linked", "b.norm"), "utf8")).toBe(canonical);
  });
});

describe("texts", () => {
  test("bytes that are not UTF-8 are refused, and named by their line", async () => {
    const latin = Buffer.from("norm f( x ){return x}\n// caf\xe9\n", "latin1");
    const cwd = folderOf({ "latin.norm": latin, "wide.norm": Buffer.from(`\uFEFF${loose}`, "utf16le"), "other.norm": loose });
    const { code, stderr } = await format(cwd, ["."]);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot read latin.norm: line 2 is not UTF-8");
    expect(stderr).toContain("cannot read wide.norm: line 1 is not UTF-8");
    expect(readFileSync(join(cwd, "latin.norm")).equals(latin)).toBe(true);
    expect(readFileSync(join(cwd, "other.norm"), "utf8")).toBe(canonical);
  });

  test("standard input is checked, refused and formatted as files are", async () => {
    expect(await norm(["format"], { input: `\uFEFF${loose}\r\n` })).toEqual({ code: 0, stdout: canonical, stderr: "" });
    expect(await norm(["format", "--check"], { input: loose })).toEqual({ code: 1, stdout: "", stderr: "standard input is not formatted\n" });
    expect(await norm(["format"], { input: broken })).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("standard input:1:20") });
  });
});

describe("writing", () => {
  /** Many files, so that there is time to come in between. */
  const many = () => folderOf(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`${i}.norm`, `norm f${i}(x) {\n${"a=b\n".repeat(20)}}`])));
  const whole = /^norm f\d+\(x\) \{\n(?:(?:a=b\n){20}\}|(?: {2}a = b\n){20}\}\n)$/;

  test("a kill leaves every file old or new", async () => {
    const cwd = many();
    const script = join(scratch(), "killed.mjs");
    // Kills itself with a file open and written, and not yet in place.
    writeFileSync(script, `import fs from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
const rename = fs.rename; let renames = 0;
fs.rename = (...paths) => (renames++ < 5 ? rename(...paths) : process.kill(process.pid, "SIGKILL"));
syncBuiltinESMExports();
process.argv.splice(1, 1);
await import(${JSON.stringify(new URL("../../bin/norm.js", import.meta.url).href)});`);
    expect((await norm(["norm", "format", cwd], { script })).code).toBeNull();
    const specs = Object.entries(contents(cwd)).filter(([name]) => name.endsWith(".norm"));
    expect(specs.filter(([, text]) => text.includes("a = b"))).toHaveLength(5);
    for (const [, text] of specs) expect(text).toMatch(whole);
    // What it left behind is in nobody's way.
    expect((await format(cwd, ["."])).code).toBe(0);
  });

  test("processes that format the same files stay out of each other's way", async () => {
    const cwd = many();
    const ended = await Promise.all([1, 2].map(() => norm(["format", "."], { cwd })));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    const files = contents(cwd);
    expect(Object.keys(files)).toHaveLength(150);
    for (const text of Object.values(files)) expect(text).toMatch(/^norm f\d+\(x\) \{\n(?: {2}a = b\n){20}\}\n$/);
  });

  test("a file that was changed meanwhile, or is gone, is left as it is", async () => {
    const folder = folderOf({ "a.norm": loose, "b.norm": loose });
    const [a, b] = [join(folder, "a.norm"), join(folder, "b.norm")];
    const files = [readTextFile(a), readTextFile(b)];
    writeFileSync(a, "norm other = f");
    rmSync(b);
    await expect(replaceText(files[0]!, canonical)).rejects.toThrow("was changed while it was formatted");
    await expect(replaceText(files[1]!, canonical)).rejects.toThrow("cannot write");
    expect(contents(folder)).toEqual({ "a.norm": "norm other = f" });
  });

  test("permissions stay", async () => {
    const folder = folderOf({ "a.norm": loose });
    chmodSync(join(folder, "a.norm"), 0o751);
    expect((await format(folder, ["a.norm"])).code).toBe(0);
    expect(statSync(join(folder, "a.norm")).mode & 0o7777).toBe(0o751);
  });

  // The limit on the size of files stands for a full disk, which not everyone may make.
  test.skipIf(process.platform === "win32")("a file for which there is no room stays whole, and others are done", async () => {
    const large = `norm f(x) {\n${"a=b\n".repeat(10_000)}}`;
    const folder = folderOf({ "a.norm": large, "b.norm": loose });
    const { status, stderr } = spawnSync("sh", ["-c", 'ulimit -f 16; exec "$@"', "sh", process.execPath, command, "format", folder], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("a.norm: the file would be larger than is allowed here; the file is as it was");
    expect(contents(folder)).toEqual({ "a.norm": large, "b.norm": canonical });
  });

  test.skipIf(unprivileged === undefined)("what may not be written stays, and says so", () => {
    const folder = folderOf({ "a.norm": loose, "locked/b.norm": loose });
    chmodSync(folder, 0o777);
    chmodSync(join(folder, "a.norm"), 0o444);
    chmodSync(join(folder, "locked"), 0o555);
    const { status, stderr } = spawnSync(process.execPath, [command, "format", folder], { encoding: "utf8", ...unprivileged });
    expect(status).toBe(1);
    expect(stderr.match(/permission denied; the file is as it was/g)).toHaveLength(2);
    expect(contents(folder)).toEqual({ "a.norm": loose, "locked/b.norm": loose });
  });
});
