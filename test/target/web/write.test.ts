/** Pages that train in a browser, opened as a reader opens them. */

import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StepMetrics } from "../../../src/runtime/metrics.js";
import { decodeSafetensors } from "../../../src/runtime/safetensors.js";
import { enableRelaxedSimd } from "../../../src/runtime/wasm/node-features.js";
import { runTrainer as runOnCpu } from "../../../src/runtime/wasm/trainer.js";
import { runTrainer as runOnGpu } from "../../../src/runtime/webgpu/trainer.js";
import type { Run } from "../../../src/runtime/web/run.js";
import { type WebTrainer, writeWebTrainer } from "../../../src/target/web/write.js";
import { canOpenPages, openBrowser, press, runOf, saved, serve, status, visit } from "../../runtime/web/site.js";
import { compileRuntime } from "../trainers.js";
import { digitsIn } from "./digits.js";

let work: string;
let compiled: string;
let trainer: WebTrainer;
/** The page's folder. */
let folder: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "norm-page-"));
  compiled = await compileRuntime(join(work, "package"));
  trainer = await digitsIn(work);
  folder = join(work, "page");
  await writeWebTrainer(trainer, folder, [work], compiled);
}, 60_000);
afterAll(() => rm(work, { recursive: true, force: true }));

describe("the page's folder", () => {
  test("has all that the page needs, and nothing of Node's", async () => {
    expect((await readdir(folder)).toSorted()).toEqual(["README.md", "data", "index.html", "ir", "manifest.json", "plan.json", "random", "runtime", "style.css", "uplot", "wasm"]);
    expect((await readdir(join(folder, "wasm"))).toSorted()).toEqual(["kernels-relaxed.wasm", "kernels.wasm", "plan.json"]);
    const { webgpu, wasm } = trainer;
    expect(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))).toEqual({
      ...webgpu.manifest,
      target: "web",
      cost: { ...webgpu.manifest.cost, peakBytes: Math.max(webgpu.manifest.cost.peakBytes, wasm.manifest.cost.peakBytes) },
    });
    const scripts = (await readdir(folder, { recursive: true })).filter((name) => /^(runtime|random|ir)\/.*\.\w+$/.test(name));
    expect(scripts).toEqual(expect.arrayContaining(["runtime/webgpu/engine.js", "runtime/wasm/engine.js", "runtime/wasm/worker.js"]));
    for (const name of scripts) expect(await readFile(join(folder, name), "utf8"), name).not.toMatch(/from "(?!\.)|^import "/m);
    const html = await readFile(join(folder, "index.html"), "utf8");
    // No host but this page's own, and no path that begins at its root.
    expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1])).toEqual([
      "data:,",
      "uplot/uPlot.min.css",
      "style.css",
      "uplot/uPlot.iife.min.js",
      "runtime/web/main.js",
      "https://github.com/leeoniya/uPlot",
    ]);
    expect(html).toContain("idx data/digits: 144 training examples, 70 held out");
  });

  test("is replaced by a later page, with what else lies in it kept; other folders are left alone", async () => {
    const again = join(work, "again");
    const but = (changes: object): WebTrainer => ({ ...trainer, webgpu: { ...trainer.webgpu, manifest: { ...trainer.webgpu.manifest, ...changes } } });
    await writeWebTrainer(trainer, again, [work], compiled);
    await writeFile(join(again, "CNAME"), "norm.example");
    await writeWebTrainer(but({ name: "<other>" }), again, [work], compiled);
    expect(await readFile(join(again, "CNAME"), "utf8")).toBe("norm.example");
    expect(await readFile(join(again, "index.html"), "utf8")).toContain("<h1>&lt;other&gt;</h1>");
    await expect(writeWebTrainer(trainer, join(work, "data"), [work], compiled)).rejects.toThrow("holds other things than a page");
    await expect(writeWebTrainer(trainer, join(work, "new"), [work], join(work, "nowhere"))).rejects.toThrow("npm run build");
    await expect(writeWebTrainer(trainer, join(work, "new"), [folder], compiled)).rejects.toThrow("data/digits");
    await expect(writeWebTrainer(but({ batch: 200 }), join(work, "new"), [work], compiled)).rejects.toThrow("fewer than one batch of 200");
    expect((await readdir(work)).toSorted()).toEqual(["again", "data", "package", "page"]);
  });
});

describe.skipIf(!canOpenPages)("a page trains to the same bits as Node, and saves the weights", () => {
  const noWebgpu = `Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });`;

  test("through WebGPU, on the same adapter", { timeout: 240_000 }, async () => {
    const run = join(work, "gpu");
    await runOnGpu(trainer.webgpu, { folder: run, data: [work], quiet: true });
    const { device, asked } = await trains(run, { query: "?device=webgpu" });
    expect(device).toMatch(/^webgpu on google swiftshader: /);
    expect(asked).toContain("plan.json");
    expect(asked.filter((path) => path.startsWith("wasm/"))).toEqual([]);
  });

  test("on two threads where there is no WebGPU, and on one where the page is not isolated", { timeout: 240_000 }, async () => {
    enableRelaxedSimd();
    const run = join(work, "cpu");
    await runOnCpu(trainer.relaxed, { folder: run, data: [work], quiet: true, threads: 2 });
    const isolated = await trains(run, { isIsolated: true, prepare: noWebgpu });
    expect(isolated.device).toBe("wasm on 2 threads; this browser has no WebGPU: use a newer one, or switch WebGPU on in its settings");
    expect(isolated.asked).toEqual(expect.arrayContaining(["wasm/plan.json", "wasm/kernels-relaxed.wasm"]));
    expect(isolated.asked).not.toContain("plan.json");
    expect(isolated.asked).not.toContain("wasm/kernels.wasm");

    const alone = await trains(run, {});
    expect(alone.device).toBe(
      "wasm on 1 thread of 2, because the page's server does not isolate it (its README.md says how); " +
        "WebGPU has no GPU here but one in software, google swiftshader, which `?device=webgpu` in the page's address takes",
    );
  });

  test("by kernels without relaxed SIMD where the browser has none", { timeout: 240_000 }, async () => {
    const run = join(work, "plain");
    await runOnCpu(trainer.wasm, { folder: run, data: [work], quiet: true, threads: 1 });
    // As `hasRelaxedSimd` asks.
    const { asked } = await trains(run, {
      query: "?device=wasm",
      prepare: `const validate = WebAssembly.validate; WebAssembly.validate = (bytes) => !bytes.join().includes("253,133,2,11") && validate(bytes);`,
    });
    expect(asked).toContain("wasm/kernels.wasm");
    expect(asked).not.toContain("wasm/kernels-relaxed.wasm");
  });
});

/** Trains the page to its end, compares all that it shows and saves with a run of Node's, and gives what computed and what was loaded. */
async function trains(run: string, { query = "", isIsolated = false, prepare = "" }): Promise<{ device: string; asked: string[] }> {
  const site = await serve(folder, isIsolated);
  const browser = await openBrowser();
  try {
    const asked: string[] = [];
    const { page, errors } = await visit(browser, site.url + query, async (own) => {
      own.on("request", (request) => asked.push(request.url().slice(site.url.length)));
      await own.addInitScript(`Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { get: () => 2 }); ${prepare}`);
    });
    await page.waitForSelector("#toggle:enabled");
    const device = (await page.textContent("#device"))!;
    expect(await page.isDisabled("#save")).toBe(true);
    await press(page, "Start training");
    await status(page, "Finished: 8 steps");

    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line) as StepMetrics | Run["evaluations"][number] | Run["measurements"][number]);
    const { lines: own, evaluations, measurements } = await runOf(page);
    const timeless = ({ step, epoch, loss, rate, accuracy }: StepMetrics) => ({ step, epoch, loss, rate, accuracy });
    expect(own.map(timeless)).toEqual(lines.filter((line): line is StepMetrics => "loss" in line).map(timeless));
    expect(own[7]!.loss).toBeLessThan(own[0]!.loss);
    expect(evaluations).toEqual(lines.filter((line) => "held_out" in line));
    expect(evaluations.map(({ step }) => step)).toEqual([4, 8]);
    expect(measurements).toEqual(lines.filter((line) => "measures" in line));
    expect(measurements.map(({ step }) => step)).toEqual([3, 4, 6, 8]);
    expect(await page.locator("#measured tr td:first-child").allTextContents()).toEqual(["uniformity(encoded.cls)", "spectrum(logits)", "gradient_norm(image)"]);

    const { name, bytes } = await saved(page);
    expect(name).toBe("digits-step-8.safetensors");
    expect(bytes.equals(await readFile(join(run, "weights.safetensors")))).toBe(true);
    const { tensors, metadata } = decodeSafetensors(bytes, name);
    expect(metadata.get("step")).toBe("8");
    const { parameters, states } = trainer.webgpu.manifest;
    const kept = [...parameters, ...states.filter(({ owner }) => owner === "model")];
    expect(new Set(tensors.keys())).toEqual(new Set(kept.map((tensor) => tensor.name)));

    expect(await page.textContent("#step")).toBe("8 of 8");
    expect(await page.textContent("#epoch")).toBe("2 of 2");
    expect(await page.locator("#evaluations tr").count()).toBe(2);
    expect(await page.textContent("#evaluations tr td")).toBe("2");
    expect(await page.isDisabled("#toggle")).toBe(true);
    expect({ errors, missing: site.missing }).toEqual({ errors: [], missing: [] });
    return { device, asked };
  } finally {
    await browser.close();
    site.close();
  }
}
