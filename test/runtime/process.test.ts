/** Trainers in processes of their own, which are killed and interrupted for real. */

import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "norm-process-"));
const main = join(root, "test/runtime/toy-main.js");
afterAll(() => rmSync(root, { recursive: true }));

/** Compiles the runtime file by file into a temporary folder: Node 20 cannot run TypeScript, and `dist` may be old. */
function compile(folder: string): void {
  for (const entry of readdirSync(join(repository, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(root, relative(repository, source)).replace(/\.ts$/, ".js");
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    };
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(readFileSync(source, "utf8"), { compilerOptions }).outputText);
  }
}

beforeAll(() => {
  for (const folder of ["src/random", "src/runtime", "test/runtime"]) compile(folder);
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"), "junction");
});

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface StartOptions {
  /** Milliseconds per step, and per reading of the engine's values. */
  busy?: number;
  reading?: number;
  /** Steps that may be under way behind one. */
  ahead?: number;
  resume?: boolean;
  /** Gets the process once it trains. */
  onStart?: (child: ChildProcess) => void;
}

/** Runs the toy trainer of 100 steps. */
function start(folder: string, { busy = 0, reading = 0, ahead = 0, resume = false, onStart }: StartOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, folder, String(busy), String(reading), String(ahead), ...(resume ? ["--resume"] : [])]);
  let [stdout, stderr, started] = ["", "", false];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => {
    stderr += data;
    if (!started && stderr.includes("step ")) {
      started = true;
      onStart?.(child);
    }
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr })));
}

const read = (folder: string): string => readFileSync(join(folder, "weights.safetensors"), "hex");

describe("a trainer's process", () => {
  let whole = "";
  beforeAll(async () => {
    const folder = join(root, "whole");
    const ended = await start(folder);
    expect(ended.stderr).toContain("held out");
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ steps: 100, interrupted: false });
    whole = read(folder);
  });

  it.each([0, 3])("gives the same weights however often it is killed, %i steps ahead", { timeout: 60_000 }, async (ahead) => {
    const folder = join(root, `killed-${ahead}`);
    let kills = 0;
    for (let attempt = 0; ; attempt++) {
      // Whatever the moment is, the result must be the same: the test need not be repeatable to be right.
      const delay = Math.random() * 60;
      const ended = await start(folder, {
        busy: 2,
        ahead,
        resume: attempt > 0,
        onStart: (child) => void (attempt < 8 && setTimeout(() => child.kill("SIGKILL"), delay)),
      });
      if (ended.signal === "SIGKILL") kills++;
      else {
        expect(ended.stderr).not.toContain("Error");
        expect(ended.code).toBe(0);
        break;
      }
    }
    expect(kills).toBeGreaterThan(1);
    expect(read(folder)).toBe(whole);
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    const steps = lines.map((line) => JSON.parse(line)).filter(({ held_out: held }) => held === undefined);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(readdirSync(folder).sort()).toEqual(["checkpoint.safetensors", "metrics.jsonl", "weights.safetensors"]);
  });

  // Windows has no signals to send.
  it.skipIf(process.platform === "win32")("saves and leaves at the first SIGINT", async () => {
    const folder = join(root, "interrupted");
    const ended = await start(folder, { busy: 5, onStart: (child) => child.kill("SIGINT") });
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain("press Ctrl-C again to stop at once");
    expect(ended.stderr).toContain("run the same command with --resume");
    const { steps, interrupted } = JSON.parse(ended.stdout);
    expect(interrupted).toBe(true);
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(100);
    expect(existsSync(join(folder, "weights.safetensors"))).toBe(true);
    expect((await start(folder, { resume: true })).code).toBe(0);
    expect(read(folder)).toBe(whole);
  });

  it.skipIf(process.platform === "win32")("stops at once at the second SIGINT", async () => {
    const folder = join(root, "stopped");
    const ended = await start(folder, {
      // The run needs a second to save after the first.
      reading: 1000,
      onStart: (child) => {
        child.kill("SIGINT");
        child.stderr!.on("data", (text) => void (String(text).includes("at once") && child.kill("SIGINT")));
      },
    });
    expect(ended.code).toBe(130);
    expect(ended.stdout).toBe("");
  });
});
