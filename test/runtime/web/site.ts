/** A static server for a folder, below a path, and a reader on its page. */

import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { softwareChromium, softwareGpuExists } from "../../../scripts/swiftshader.mjs";
import type { Run } from "../../../src/runtime/web/run.js";
import { onHardware } from "../webgpu/on-gpu.js";

/** Chromium computes on SwiftShader, so that Node must do so as well where results are compared. */
export const canOpenPages = softwareGpuExists && !onHardware;
if (!canOpenPages) console.log("left out: pages in Chromium: they are tested on SwiftShader, which is packaged for Linux on x86-64 only");

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };
const base = "/some/where/";

export interface Site {
  readonly url: string;
  /** Paths that were asked for and are not there. */
  readonly missing: readonly string[];
  close(): void;
}

const isolation = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** Serves the files of `folder`, and nothing else; if `isIsolated`, to pages that may share memory with their threads. */
export async function serve(folder: string, isIsolated = false): Promise<Site> {
  const missing: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const path = url.split("?")[0]!.replace(/\/$/, "/index.html");
    const file = join(folder, path.slice(base.length));
    if (!path.startsWith(base) || !existsSync(file)) {
      missing.push(url);
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", ...(isIsolated ? isolation : {}) });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // WebGPU is given to secure pages only, and `localhost` counts as one.
  const url = `http://localhost:${(server.address() as AddressInfo).port}${base}`;
  return { url, missing, close: () => void server.close() };
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch(softwareChromium());
}

/** Opens a page; `errors` gets what it and its scripts complain about. */
export async function visit(browser: Browser, url: string, prepare: (page: Page) => Promise<unknown> = async () => undefined): Promise<{ page: Page; errors: string[] }> {
  // This Chromium takes its language from the environment, and not in the form that pages expect.
  const page = await browser.newPage({ locale: "en-US" });
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await prepare(page);
  await page.goto(url);
  return { page, errors };
}

/** What the page's own modules hold: a page has one of each, whoever imports it. */
export function runOf(page: Page): Promise<Pick<Run, "phase" | "lines" | "evaluations" | "measurements"> & { step: number }> {
  return page.evaluate(`(async () => {
    const { run } = await import("./runtime/web/main.js");
    return { phase: run.phase, lines: run.lines, evaluations: run.evaluations, measurements: run.measurements, step: run.state.step };
  })()`);
}

/** Waits until the page's status begins so. */
export async function status(page: Page, text: string): Promise<void> {
  await page.waitForFunction(`document.getElementById("status").textContent.startsWith(${JSON.stringify(text)})`, undefined, { timeout: 120_000 });
}

/** Presses the button that starts and pauses, once it says so. */
export async function press(page: Page, label: string): Promise<void> {
  await page.locator("#toggle:enabled", { hasText: label }).click();
}

/** What the page says is wrong, once it says something. */
export async function alertOf(page: Page, part: string): Promise<string> {
  await page.waitForFunction(`document.getElementById("alert").textContent.includes(${JSON.stringify(part)})`);
  return (await page.textContent("#alert"))!;
}

/** The weights, saved as a reader saves them. */
export async function saved(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent("download");
  await page.locator("#save:enabled").click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
