/** Pages that train in a browser, opened as a reader opens them. */

import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseRecipe, compile } from "/work/main/src/compiler/compile.js";
import { fileHost } from "/work/main/src/compiler/host.js";
import { portable } from "/work/main/src/kernel/device.js";
import type { StepMetrics } from "/work/main/src/runtime/metrics.js";
import { decodeSafetensors } from "/work/main/src/runtime/safetensors.js";
import { runTrainer, type Trainer } from "/work/main/src/runtime/webgpu/trainer.js";
import type { Run } from "/work/main/src/runtime/web/run.js";
import { emitWebgpu } from "/work/main/src/target/webgpu/emit.js";
import { webgpuManifest } from "/work/main/src/target/webgpu/manifest.js";
import { writeWebTrainer } from "/work/main/src/target/webgpu/web.js";
import { idx, range, write } from "/work/main/test/runtime/data/fixtures.js";
import { canOpenPages, openBrowser, press, runOf, saved, serve, status, visit } from "/work/main/test/runtime/web/site.js";
import { compileRuntime } from "/work/main/test/target/trainers.js";

/** Two epochs of four steps; the last of the batches of 70 held-out examples is filled up. */
const spec = `use std.norms { batch, layer }
use std.placements { pre }
use std.layers { attention, dropout, linear, patchify }

stack encoder(dim, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: layer
  }
  normalize at first { cls: layer }
  place pre

  attention(heads)
  normalize
}

model classifier(dim = 8, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = dropout(linear(patchify(image, 14), dim))
  encoded = encoder(cls: learned(1), tokens: patches, dim, 2)
  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train digits of classifier {
  data idx("data/digits")
  optimizer adamw
  schedule cosine(peak: 1e-2, warmup: 25%)
  batch 32
  epochs 2
  seed 3
}
`;

/** Each class is a bright square at its own place, in noise. */
function digits(part: "train" | "t10k", count: number): Record<string, Uint8Array> {
  const label = (example: number) => (example * 7) % 10;
  const pixel = (i: number) => {
    const [example, row, column] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    const isSquare = Math.floor(row / 7) * 4 + Math.floor(column / 7) === label(example);
    return isSquare ? 200 + ((i * 31) % 56) : (i * i * 17) % 60;
  };
  return {
    [`data/digits/${part}-images-idx3-ubyte`]: idx("u8", [count, 28, 28], range(count * 784, pixel)),
    [`data/digits/${part}-labels-idx1-ubyte`]: idx("u8", [count], range(count, label)),
  };
}

let work: string;
let compiled: string;
let trainer: Trainer;
/** The page's folder. */
let folder: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "norm-page-"));
  compiled = await compileRuntime(join(work, "package"));
  await write(work, { ...digits("train", 144), ...digits("t10k", 70) });
  const recipe = chooseRecipe(compile("digits.norm", spec, fileHost(work)), undefined);
  if (!("program" in recipe)) throw new Error(recipe.message);
  const plan = emitWebgpu(recipe.program, portable);
  trainer = { plan, manifest: webgpuManifest(plan, recipe.manifest) };
  folder = join(work, "page");
  await writeWebTrainer(plan, trainer.manifest, folder, [work], compiled);
}, 60_000);
afterAll(() => rm(work, { recursive: true, force: true }));

describe("the page's folder", () => {
  test("has all that the page needs, and nothing of Node's", async () => {
    expect((await readdir(folder)).toSorted()).toEqual(["README.md", "data", "index.html", "manifest.json", "plan.json", "random", "runtime", "style.css", "uplot"]);
    const scripts = (await readdir(folder, { recursive: true })).filter((name) => /^(runtime|random)\/.*\.\w+$/.test(name));
    expect(scripts).toContain("runtime/webgpu/engine.js");
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
    const { plan, manifest } = trainer;
    await writeWebTrainer(plan, manifest, again, [work], compiled);
    await writeFile(join(again, "CNAME"), "norm.example");
    await writeWebTrainer(plan, { ...manifest, name: "<other>" }, again, [work], compiled);
    expect(await readFile(join(again, "CNAME"), "utf8")).toBe("norm.example");
    expect(await readFile(join(again, "index.html"), "utf8")).toContain("<h1>&lt;other&gt;</h1>");
    await expect(writeWebTrainer(plan, manifest, join(work, "data"), [work], compiled)).rejects.toThrow("holds other things than a page");
    await expect(writeWebTrainer(plan, manifest, join(work, "new"), [work], join(work, "nowhere"))).rejects.toThrow("npm run build");
    await expect(writeWebTrainer(plan, manifest, join(work, "new"), [folder], compiled)).rejects.toThrow("data/digits");
    await expect(writeWebTrainer(plan, { ...manifest, batch: 200 }, join(work, "new"), [work], compiled)).rejects.toThrow("fewer than one batch of 200");
    expect((await readdir(work)).toSorted()).toEqual(["again", "data", "package", "page"]);
  });
});

test.skipIf(!canOpenPages)("a page trains to the same bits as Node on the same adapter, and saves the weights", { timeout: 240_000 }, async () => {
  console.error("BEGIN", performance.now());
  const run = join(work, "run");
  await runTrainer(trainer, { folder: run, data: [work], quiet: true });
  console.error("NODE", performance.now());
  const site = await serve(folder);
  const browser = await openBrowser();
  try {
    const { page, errors } = await visit(browser, site.url);
    await page.waitForSelector("#toggle:enabled");
    expect(await page.textContent("#adapter")).toMatch(/^webgpu on google swiftshader: /);
    expect(await page.isDisabled("#save")).toBe(true);
    await press(page, "Start training");
    console.error("START", performance.now());
    await status(page, "Training.");
    console.error("TRAINING", performance.now());
    await status(page, "Finished: 8 steps");
    console.error("DONE", performance.now(), trainer.plan.shaders.length, trainer.plan.entries.step.dispatches.length);

    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line) as StepMetrics | Run["evaluations"][number]);
    const { lines: own, evaluations } = await runOf(page);
    const timeless = ({ step, epoch, loss, rate, accuracy }: StepMetrics) => ({ step, epoch, loss, rate, accuracy });
    expect(own.map(timeless)).toEqual(lines.filter((line): line is StepMetrics => "loss" in line).map(timeless));
    expect(own[7]!.loss).toBeLessThan(own[0]!.loss);
    expect(evaluations).toEqual(lines.filter((line) => "held_out" in line));
    expect(evaluations.map(({ step }) => step)).toEqual([4, 8]);

    const { name, bytes } = await saved(page);
    expect(name).toBe("digits-step-8.safetensors");
    expect(bytes.equals(await readFile(join(run, "weights.safetensors")))).toBe(true);
    const { tensors, metadata } = decodeSafetensors(bytes, name);
    expect(metadata.get("step")).toBe("8");
    const { parameters, states } = trainer.manifest;
    const kept = [...parameters, ...states.filter(({ owner }) => owner === "model")];
    expect(new Set(tensors.keys())).toEqual(new Set(kept.map((tensor) => tensor.name)));

    expect(await page.textContent("#step")).toBe("8 of 8");
    expect(await page.textContent("#epoch")).toBe("2 of 2");
    expect(await page.locator("#evaluations tr").count()).toBe(2);
    expect(await page.textContent("#evaluations tr td")).toBe("2");
    expect(await page.isDisabled("#toggle")).toBe(true);
    expect({ errors, missing: site.missing }).toEqual({ errors: [], missing: [] });
  } finally {
    await browser.close();
    site.close();
  }
});
