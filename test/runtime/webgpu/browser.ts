/** A page in a headless Chromium with WebGPU on SwiftShader. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Page } from "playwright-core";
import { softwareChromium } from "../../../scripts/swiftshader.mjs";
import { javascriptOf } from "./javascript.js";

export interface OpenPage {
  readonly page: Page;
  /** What the page and its scripts complained about. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens an empty page from a server on this machine. Its scripts can import the repository's modules as JavaScript, by their
 * paths: `/src/runtime/webgpu/adapter.js`.
 */
export async function openPage(): Promise<OpenPage> {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    try {
      const script = /^\/(?:src|test)\/[\w/-]+\.js$/.test(path);
      const body = script ? javascriptOf(path.slice(1)) : "<!doctype html><link rel=icon href=data:,><title>Norm</title>";
      response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await chromium.launch(softwareChromium());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  // WebGPU is given to secure pages only, and `localhost` counts as one.
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  return {
    page,
    errors,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
