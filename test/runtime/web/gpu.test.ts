/** What a reader can do with a page that trains on the GPU, and what may go wrong, with a plan that trains in no time. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../../src/runtime/safetensors.js";
import type { Manifest } from "../../../src/runtime/trainer.js";
import { runTrainer } from "../../../src/runtime/webgpu/trainer.js";
import { type WebTrainer, writeWebTrainer } from "../../../src/target/web/write.js";
import { compileRuntime, writeArrays } from "../../target/trainers.js";
import { tinyManifest, tinyModule, tinyPlan } from "../wasm/tiny.js";
import { batch, regressionBatch, regressionManifest, regressionPlan } from "../webgpu/regression.js";
import { alertOf, canOpenPages, openBrowser, press, runOf, saved, serve, type Site, status, visit } from "./site.js";

const plan = regressionPlan();
/** 48 steps an epoch. */
const batches = 64;
const manifest: Manifest = { ...regressionManifest, epochs: 16 };
const steps = 16 * 48;

let work: string;
let site: Site;
let browser: Browser;

/** Data of the regression, of which one example may be out of every bound. */
async function data(folder: string, outlier?: number): Promise<string> {
  const joined = (name: string) => Float32Array.from(Array.from({ length: batches }, (_, i) => [...regressionBatch(i).inputs.get(name)!]).flat());
  const y = joined("y");
  if (outlier !== undefined) y[0] = outlier;
  await writeArrays(join(folder, "arrays"), { x: { shape: [batches * batch, 2], values: joined("x") }, y: { shape: [batches * batch], values: y } });
  return folder;
}

/** With kernels for the CPU of something else, which nobody loads. */
async function pageOf(changes: Partial<Manifest>): Promise<WebTrainer> {
  const wasm = { plan: tinyPlan, manifest: tinyManifest, module: await tinyModule(), usesRelaxed: false };
  return { webgpu: { plan, manifest: { ...manifest, ...changes } }, wasm, relaxed: wasm };
}

describe.skipIf(!canOpenPages)("a page on the GPU", () => {
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "norm-page-"));
    const compiled = await compileRuntime(join(work, "package"));
    await writeWebTrainer(await pageOf({}), join(work, "site", "page"), [await data(join(work, "data"))], compiled);
    await writeWebTrainer(await pageOf({ holdout: 0 }), join(work, "site", "diverging"), [await data(join(work, "outlier"), 1e30)], compiled);
    site = await serve(join(work, "site"));
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    site.close();
    await rm(work, { recursive: true });
  });

  test("pauses, saves while it trains, and goes on after the GPU was lost, to the same bits", { timeout: 120_000 }, async () => {
    const run = join(work, "run");
    await runTrainer({ plan, manifest }, { folder: run, data: [join(work, "data")], quiet: true });
    const weights = await readFile(join(run, "weights.safetensors"));
    const { page, errors } = await visit(browser, `${site.url}page/index.html?device=webgpu`, (own) =>
      own.addInitScript(`
        const open = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (descriptor) {
          return (globalThis.device = await open.call(this, descriptor));
        };
        // Results take their time, so that the run lasts for some seconds on every machine.
        const map = GPUBuffer.prototype.mapAsync;
        GPUBuffer.prototype.mapAsync = async function (...range) {
          await map.apply(this, range);
          await new Promise((later) => setTimeout(later, 20));
        };`),
    );
    expect(await page.textContent("#step")).toBe("–");
    await press(page, "Start training");
    await status(page, "Training.");
    const first = await saved(page);
    expect(Number(/^regression-step-(\d+)\.safetensors$/.exec(first.name)?.[1])).toBeGreaterThan(0);
    await press(page, "Pause");
    await status(page, "Paused after step");
    const { step } = await runOf(page);
    expect(step).toBeLessThan(steps);
    const paused = await saved(page);
    expect(decodeSafetensors(paused.bytes, paused.name).metadata.get("step")).toBe(String(step));
    expect((await saved(page)).bytes.equals(paused.bytes)).toBe(true);

    // Some steps after a checkpoint, which are then to be done again.
    await page.evaluate(`import("./runtime/web/main.js").then(({ run }) => void (globalThis.run = run))`);
    const isLost = page.waitForFunction("run.state.step > run.keptStep + 3 && (device.destroy(), true)");
    await press(page, "Continue");
    await isLost;
    expect(await alertOf(page, "lost")).toBe("the GPU was lost: it was closed. The last checkpoint is intact: go on from it");
    // What was kept can be saved without a GPU.
    const kept = await saved(page);
    const keptStep = Number(decodeSafetensors(kept.bytes, kept.name).metadata.get("step"));
    expect(keptStep).toBeGreaterThanOrEqual(step);
    await press(page, `Go on from step ${keptStep.toLocaleString("en")}`);
    await status(page, "Finished: 768 steps");
    expect(await page.isHidden("#alert")).toBe(true);
    const { lines, evaluations } = await runOf(page);
    expect(lines.map((line) => line.step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    expect(evaluations.map((evaluation) => evaluation.step)).toEqual(Array.from({ length: 16 }, (_, i) => (i + 1) * 48));
    expect((await saved(page)).bytes.equals(weights)).toBe(true);
    expect({ errors, missing: site.missing }).toEqual({ errors: [], missing: [] });
    await page.close();
  });

  test("says where the first value that is not finite came from, and does not try again", { timeout: 60_000 }, async () => {
    const { page } = await visit(browser, `${site.url}diverging/?device=webgpu`);
    expect(await page.textContent("main")).toContain("No examples are held out.");
    await press(page, "Start training");
    expect(await alertOf(page, "NaN")).toMatch(/^training step \d+ gave NaN or infinity: first in reduce_sum of the forward phase, at loss \(regression\.norm:3:5\)\. No weights were kept yet\.$/);
    expect(await page.isDisabled("#toggle")).toBe(true);
    expect(await page.isDisabled("#save")).toBe(true);
    await page.close();
  });

  test("says what does not load or is damaged, and tries again", { timeout: 60_000 }, async () => {
    const { page } = await visit(browser, `${site.url}page/?device=webgpu`);
    const file = await readFile(join(work, "site", "page", "data", "000.bin"));
    await page.route("**/data/000.bin", (route) => route.fulfill({ status: 404 }), { times: 1 });
    await press(page, "Start training");
    expect(await alertOf(page, "404")).toContain("data/000.bin does not load: the server answers 404");
    await page.route("**/data/000.bin", (route) => route.fulfill({ body: file.subarray(0, 100) }), { times: 1 });
    await press(page, "Try again");
    expect(await alertOf(page, "cannot")).toContain("data/000.bin cannot be used: it breaks off");
    await page.route("**/data/000.bin", async (route) => route.fulfill({ body: await readFile(join(work, "site", "page", "data", "001.bin")) }), { times: 1 });
    await press(page, "Try again");
    expect(await alertOf(page, "values")).toContain("data/000.bin cannot be used: its");
    await page.route("**/plan.json", (route) => route.abort(), { times: 1 });
    await press(page, "Try again");
    expect(await alertOf(page, "plan.json")).toContain("plan.json does not load: the connection failed");
    await press(page, "Try again");
    await status(page, "Training.");
    expect(await page.isHidden("#alert")).toBe(true);
    await page.close();
  });

  test("says why there is no GPU, and offers nothing", { timeout: 60_000 }, async () => {
    const { page } = await visit(browser, `${site.url}page/?device=webgpu`, (own) => own.addInitScript(`Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined })`));
    expect(await alertOf(page, "WebGPU")).toBe("this browser has no WebGPU: use a newer one, or switch WebGPU on in its settings");
    expect(await page.textContent("#device")).toBe("nothing computes");
    expect(await page.isDisabled("#toggle")).toBe(true);
    await page.close();
  });
});
