import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RunError } from "../../../src/runtime/errors.js";
import { words } from "../../../src/runtime/wasm/plan.js";
import { openPool, type Pool } from "../../../src/runtime/wasm/pool.js";
import { bytes, numberOf, tinyModule, visits } from "./tiny.js";

const plan = { bytes, scratch: 64 };
let module: Uint8Array;
beforeAll(async () => {
  module = await tinyModule();
});

const opened: Pool[] = [];
afterEach(() => {
  for (const pool of opened.splice(0)) pool.dispose();
});

async function open(threads: number): Promise<Pool> {
  const pool = await openPool(module, plan, threads);
  opened.push(pool);
  return pool;
}

const [visit, idle] = [numberOf("visit"), numberOf("idle")];
const nothing = { writes: [], reads: [] };

describe.each([1, 2, 3])("%i threads", (threads) => {
  test("all take part in each of thousands of short runs", async () => {
    const pool = await open(threads);
    const runs = 3000;
    const run = { ...nothing, run: [idle, visit + 1] } as const;
    for (let i = 0; i < runs / 2; i++) await pool.request(run);
    // The leader takes these up at once, one after another; every other one has nothing to do.
    const requests = Array.from({ length: runs / 2 }, () => [run, { ...nothing, run: [visit, visit] } as const]).flat();
    await Promise.all(requests.map((request) => pool.request(request)));
    const [counts] = await pool.request({ ...nothing, reads: [visits] });
    expect([...new Int32Array(counts!)]).toEqual(Array.from({ length: 16 }, (_, i) => (i < threads ? runs : 0)));
  });

  test("write, run and read in this order, in the order of the requests", async () => {
    const pool = await open(threads);
    const [offset] = visits;
    const first = pool.request({ writes: [[offset, Uint8Array.of(5, 1)]], run: [visit, visit + 1], reads: [[offset, 4], [offset + 1, 1]] }); // prettier-ignore
    const second = pool.request({ ...nothing, run: [idle, visit + 1], reads: [[offset, 1]] });
    const third = pool.request({ ...nothing, run: [visit, visit], reads: [[offset, 1], [words.health, 4]] }); // prettier-ignore
    const read = async (request: Promise<readonly ArrayBuffer[]>) => (await request).map((buffer) => [...new Uint8Array(buffer)]);
    expect(await read(first)).toEqual([[6, 1, 0, 0], [1]]);
    expect(await read(second)).toEqual([[7]]);
    expect(await read(third)).toEqual([[7], [0, 0, 0, 0]]);
  });

  test("answer soon", async () => {
    const pool = await open(threads);
    const times: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const start = performance.now();
      await pool.request({ ...nothing, run: [idle, idle + 1], reads: [[words.health, 4]] });
      times.push(performance.now() - start);
    }
    console.log(`a request to ${threads} threads takes ${(times.sort((a, b) => a - b)[500]! * 1000).toFixed(0)} µs`);
  });

  test("once disposed of refuse what is asked, and what was", async () => {
    const pool = await open(threads);
    const under = pool.request({ ...nothing, run: [idle, idle + 1] });
    pool.dispose();
    await expect(under).rejects.toThrow("the threads that compute were ended");
    await expect(pool.request(nothing)).rejects.toThrow(RunError);
  });
});

describe("a pool fails", () => {
  test.each([
    ["a helper", numberOf("trap"), "thread 2 of 2"],
    ["the leader", numberOf("trap in the leader"), "thread 1 of 2"],
  ])("when %s traps while others wait for it, then and later", async (_, dispatch, name) => {
    const pool = await open(2);
    const message = `the kernels failed in ${name}: unreachable. Please report it. The last checkpoint is intact: go on from it with --resume`;
    const [trapped, later] = [pool.request({ ...nothing, run: [dispatch, dispatch + 1] }), pool.request(nothing)];
    await expect(trapped).rejects.toMatchObject({ name: "RunError", message, cause: { message: "unreachable" } });
    await expect(later).rejects.toThrow(message);
    // Its threads are gone by then.
    await new Promise((done) => setTimeout(done, 200));
    await expect(pool.request(nothing)).rejects.toThrow(message);
  });

  test("when what is asked lies outside its memory", async () => {
    const pool = await open(1);
    await expect(pool.request({ ...nothing, writes: [[pool.bytes - 1, Uint8Array.of(1, 2)]] })).rejects.toThrow(/^the kernels failed in thread 1 of 1: .*offset/);
  });

  test("to open with what is no module, or one that imports something else", async () => {
    const compiled = openPool(Uint8Array.of(0, 97, 115, 109), plan, 1);
    await expect(compiled).rejects.toThrow(/^this JavaScript engine does not compile the kernels: .*Use a newer version/);
    await expect(compiled).rejects.toMatchObject({ name: "RunError", cause: { name: "CompileError" } });
    // (module (import "env" "other" (func)))
    const stranger = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 13, 1, 3, 101, 110, 118, 5, 111, 116, 104, 101, 114, 0, 0]);
    await expect(openPool(stranger, plan, 2)).rejects.toThrow(/^the kernels failed in thread 1 of 2: .*other/);
  });

  test("to open where the memory is more than WebAssembly has", async () => {
    const huge = { bytes: 3 * 2 ** 30, scratch: 2 ** 30 };
    const mend = "WebAssembly reaches 4 GiB. Train with a smaller batch or model";
    await expect(openPool(module, huge, 2)).rejects.toThrow(`the model needs 5 GiB of memory on 2 threads: ${mend}, or on fewer threads`);
    await expect(openPool(module, { bytes: 2 ** 33, scratch: 0 }, 1)).rejects.toThrow(new RunError(`the model needs 8 GiB of memory on 1 thread: ${mend}`));
  });
});

describe("a process with a pool", () => {
  const folder = mkdtempSync(join(tmpdir(), "norm-pool-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What a process prints in which `body` uses a pool of two threads. */
  async function run(body: string, flags: readonly string[] = []): Promise<{ code: number | null; output: string }> {
    writeFileSync(join(folder, "tiny.wasm"), module);
    const script = `
      import { readFileSync } from "node:fs";
      import { openPool } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../../dist/runtime/wasm/pool.js")).href)};
      const open = (bytes) => openPool(new Uint8Array(readFileSync("tiny.wasm")), { bytes, scratch: 64 }, 2);
      const run = { writes: [], run: [${idle}, ${idle + 1}], reads: [] };
      ${body}`;
    writeFileSync(join(folder, "script.mjs"), script);
    const child = spawn(process.execPath, [...flags, "script.mjs"], { cwd: folder, timeout: 20_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, output };
  }

  test.each([
    ["ends after it was disposed of", "const pool = await open(40960); await pool.request(run); pool.dispose();"],
    ["ends without that, when nothing is asked any more", "const pool = await open(40960); await pool.request(run);"],
    ["waits for what was asked last", "const pool = await open(40960); for (let i = 0; i < 100; i++) await pool.request(run);"],
    ["ends by itself while threads compute", "const pool = await open(40960); void pool.request(run); setTimeout(() => process.exit(0)); await pool.request(run);"],
  ])("%s", async (_, body) => {
    expect(await run(`${body} console.log("done");`)).toEqual({ code: 0, output: expect.stringMatching(/^(?:done\n)?$/) });
  });

  test("is told when the memory cannot be had", async () => {
    // The engine's own limit stands for a machine that has no more.
    const { output } = await run("await open(2 ** 21).catch((error) => console.log(error.name, error.message, '|', error.cause.name));", ["--wasm-max-mem-pages=20"]);
    expect(output).toMatch(/^RunError the model needs 2.1 MiB of memory on 2 threads: .*Train with a smaller batch or model, or on fewer threads \| \w+Error\n$/);
  });
});
