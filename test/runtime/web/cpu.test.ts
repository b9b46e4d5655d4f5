/** What a reader can do with a page that trains on the CPU, and what may go wrong, with a plan that trains in no time. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../../src/runtime/safetensors.js";
import type { Trainer } from "../../../src/runtime/wasm/engine.js";
import { runTrainer } from "../../../src/runtime/wasm/trainer.js";
import { writeWebTrainer } from "../../../src/target/web/write.js";
import { compileRuntime } from "../../target/trainers.js";
import { npy, range, write } from "../data/fixtures.js";
import { size, tinyManifest, tinyModule, tinyPlan } from "../wasm/tiny.js";
import { regressionPlan } from "../webgpu/regression.js";
import { alertOf, canOpenPages, openBrowser, press, runOf, saved, serve, type Site, status, visit } from "./site.js";

let work: string;
let trainer: Trainer;
let site: Site;
let browser: Browser;

describe.skipIf(!canOpenPages)("a page on the CPU", () => {
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "norm-page-"));
    const compiled = await compileRuntime(join(work, "package"));
    trainer = { manifest: tinyManifest, plan: tinyPlan, module: await tinyModule(), usesRelaxed: false };
    await write(work, { "targets.npy": npy("<f4", "f32", [10, size], range(10 * size, (i) => i % 7)) });
    await writeWebTrainer({ webgpu: { plan: regressionPlan(), manifest: tinyManifest }, wasm: trainer, relaxed: trainer }, join(work, "page"), [work], compiled);
    site = await serve(join(work, "page"));
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    site.close();
    await rm(work, { recursive: true });
  });

  test("pauses, saves while it trains, and goes on to the same bits, also after a thread has failed", { timeout: 120_000 }, async () => {
    const run = join(work, "run");
    await runTrainer(trainer, { folder: run, data: [work], quiet: true, threads: 1 });
    const { page, errors } = await visit(browser, `${site.url}?device=wasm`, (own) =>
      own.addInitScript(`
        // Steps take their time, so that the run lasts for a second on every machine.
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message) {
          globalThis.thread = this;
          setTimeout(() => post.call(this, message), 50);
        };`),
    );
    await press(page, "Start training");
    await status(page, "Training.");
    await page.waitForFunction(`document.getElementById("held").textContent === "64 KiB"`);
    const first = await saved(page);
    expect(Number(decodeSafetensors(first.bytes, first.name).metadata.get("step"))).toBeGreaterThan(0);
    await press(page, "Pause");
    await status(page, "Paused after step");
    const { step } = await runOf(page);
    expect(step).toBeLessThan(20);
    const paused = await saved(page);
    expect(decodeSafetensors(paused.bytes, paused.name).metadata.get("step")).toBe(String(step));

    await press(page, "Continue");
    await page.evaluate(`thread.dispatchEvent(new ErrorEvent("error", { message: "out of luck" }))`);
    expect(await alertOf(page, "thread")).toBe("thread 1 of 1 has ended: out of luck. The last checkpoint is intact: go on from it");
    expect(await page.textContent("#held")).toBe("–");
    await press(page, "Go on from step");
    await status(page, "Finished: 20 steps");
    expect(await page.isHidden("#alert")).toBe(true);
    expect((await saved(page)).bytes.equals(await readFile(join(run, "weights.safetensors")))).toBe(true);
    expect({ errors, missing: site.missing }).toEqual({ errors: [], missing: [] });
    await page.close();
  });

  test("says what does not load or is damaged, and tries again", { timeout: 60_000 }, async () => {
    const { page } = await visit(browser, `${site.url}?device=wasm`);
    await page.route("**/wasm/plan.json", (route) => route.abort(), { times: 1 });
    await press(page, "Start training");
    expect(await alertOf(page, "plan")).toContain("wasm/plan.json does not load: the connection failed");
    await page.route("**/wasm/kernels-relaxed.wasm", (route) => route.fulfill({ body: Buffer.from(trainer.module.subarray(0, 100)) }), { times: 1 });
    await press(page, "Try again");
    expect(await alertOf(page, "kernels")).toContain("wasm/kernels-relaxed.wasm cannot be used: it is not a module of WebAssembly, or one for a newer browser");
    await page.route("**/wasm/worker.js", (route) => route.fulfill({ status: 404 }), { times: 1 });
    await press(page, "Try again");
    expect(await alertOf(page, "thread")).toContain("thread 1 of 1 has ended: its script does not load");
    await press(page, "Try again");
    await status(page, "Finished: 20 steps");
    expect(await page.isHidden("#alert")).toBe(true);
    await page.close();
  });
});
