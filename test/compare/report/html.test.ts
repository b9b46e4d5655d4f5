/** The page, as text and in a browser. */

import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseHTML } from "linkedom";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Results } from "../../../src/compare/ablation/results.js";
import { reportHtml, summarise } from "../../../src/compare/ablation/report/index.js";
import { canOpenPages, openBrowser, visit } from "../../runtime/web/site.js";
import { hostile, hostileResults, sampleResults, smallResults, troubledResults, waiting } from "./sample.js";

const pageOf = (results: Results) => reportHtml(summarise(results));

test("hostile text stays text, and nothing but the page's own scripts may run", async () => {
  const [plain, bad] = await Promise.all([smallResults(), hostileResults()].map(pageOf));
  const documents = [plain!, bad!].map((text) => parseHTML(text).document);
  const count = (selector: string) => documents.map((document) => document.querySelectorAll(selector).length);
  for (const selector of ["script", "img", "style", "section", "table", "figure", "details", "a"]) expect(new Set(count(selector)).size, selector).toBe(1);
  expect(count("img")[0]).toBe(0);
  expect(documents[1]!.querySelector("h1")!.textContent).toBe(hostile);
  const policy = documents[1]!.querySelector("meta[http-equiv]")!.getAttribute("content")!;
  expect(policy).toContain("default-src 'none'");
  const hashes = [...bad!.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => `'sha256-${createHash("sha256").update(text!).digest("base64")}'`);
  expect(policy.match(/script-src ([^;]*)/)![1]!.split(" ")).toEqual(hashes);
  expect(hashes).toHaveLength(2);
});

test("a page of 24 cells over 20 epochs is below 1.5 MB, and one of 216 configurations below 3 MB", async () => {
  const cells = sampleResults({ epochs: 20, steps: 450, seeds: [7, 8], exists: (choices) => choices[2] !== "post" });
  expect(cells.configurations.length * cells.seeds.length).toBe(24);
  expect((await pageOf(cells)).length).toBeLessThan(0.75e6);
  const factors = ["a", "b", "c"].map((label) => ({ path: `model.${label}`, label, choices: ["1", "2", "3", "4", "5", "6"] }));
  const many = sampleResults({ epochs: 4, seeds: [1, 2], factors, exists: () => true });
  expect((await pageOf(many)).length).toBeLessThan(3e6);
});

test("a page of cells that have not begun has no plots and says what waits", async () => {
  const { document } = parseHTML(await pageOf(sampleResults({ change: waiting })));
  expect([document.querySelectorAll("svg").length, document.querySelector("#curves"), document.querySelectorAll("script").length]).toEqual([0, null, 1]);
  expect(document.querySelector("#gaps")!.textContent).toContain("45 cells");
});

describe.skipIf(!canOpenPages)("in a browser", () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "norm-report-"));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(results: Results): Promise<{ page: Page; errors: string[]; requests: string[] }> {
    const file = join(folder, "report.html");
    await writeFile(file, await pageOf(results));
    const requests: string[] = [];
    const { page, errors } = await visit(browser, pathToFileURL(file).href, async (own) => {
      own.on("request", (request) => requests.push(request.url().slice(0, 8)));
    });
    return { page, errors, requests };
  }

  test("tables sort, curves are drawn and chosen, and nothing is asked of the network", async () => {
    const { page, errors, requests } = await open(troubledResults());
    const column = (index: number) => page.$$eval("#results tbody tr", (rows, own) => rows.map((row) => row.children[own]!.textContent!), index);
    const accuracies = async () => (await column(5)).map(parseFloat);
    const before = await accuracies();
    const head = page.getByRole("button", { name: "accuracy" }).first();
    await head.focus();
    await page.keyboard.press("Enter");
    expect(await accuracies()).toEqual(before.toSorted((a, b) => a - b));
    expect(await page.getAttribute("#results thead th:nth-child(6)", "aria-sort")).toBe("ascending");
    await head.click();
    expect(await accuracies()).toEqual(before.toSorted((a, b) => b - a));
    await head.click();
    expect(await accuracies()).toEqual(before);

    const painted = () => page.$$eval("#curves canvas", (all) => (all as HTMLCanvasElement[]).map((canvas) => canvas.toDataURL().length));
    const some = await painted();
    expect(some).toHaveLength(4);
    await page.getByRole("button", { name: "Show none" }).click();
    expect(await page.locator("#lines input:checked").count()).toBe(0);
    await expect.poll(async () => (await painted()).every((length, i) => length < some[i]!)).toBe(true);
    await page.locator("#lines input").first().check();
    await expect.poll(() => page.locator("#lines input:checked").count()).toBe(1);
    await page.locator(".u-over").first().hover({ position: { x: 100, y: 100 } });
    await expect.poll(() => page.locator(".readout").first().textContent()).toMatch(/^step \d+: [\d.]+ \(seeds [\d.]+ to [\d.]+\), #1 base/);

    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.setViewportSize({ width: 360, height: 700 });
    await expect.poll(() => page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect({ errors, requests: requests.filter((url) => !url.startsWith("data:")) }).toEqual({ errors: [], requests: ["file:///"] });
    await page.close();
  });

  test("hostile text runs nothing", async () => {
    const { page, errors } = await open(hostileResults());
    expect(errors).toEqual([]);
    expect(await page.title()).toContain("<script>alert");
    expect(await page.locator("#curves canvas").count()).toBe(4);
    await page.close();
  });
});
