/** Pictures of architectures: whole, readable and described; in a browser no text leaves its box. */

import { parseHTML } from "linkedom";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { overviewOf } from "../../../src/compare/overview/overview.js";
import { architectureSvg } from "../../../src/compare/overview/svg.js";
import { canOpenPages, openBrowser } from "../../runtime/web/site.js";
import { example, stackModel } from "./subjects.js";

const names = ["mnist-sepnorm", "mnist-normformer", "mnist-autoencoder", "text-bert", "registers", "graph-molecules", "power-norm"];
const pictures = new Map<string, string>();
beforeAll(async () => {
  for (const name of names) pictures.set(name, await architectureSvg(overviewOf(example(name))));
});

test("a picture needs nothing else, and says what it shows to those who do not see it", () => {
  const svg = pictures.get("mnist-sepnorm")!;
  const { document } = parseHTML(svg);
  expect(document.querySelector("svg")?.getAttribute("role")).toBe("img");
  expect(document.querySelector("title")?.textContent).toBe("mnist of classifier");
  expect(document.querySelector("desc")?.textContent).toContain("final cls batch, tokens layer(eps: 1e-6)");
  expect(svg.match(/(?:href|src|url)\b|https?:(?!\/\/www\.w3\.org\/2000\/svg)/g)).toBeNull();
  expect(svg).toContain("prefers-color-scheme: dark");
  const texts = [...document.querySelectorAll("text")].map((text) => text.textContent);
  expect(texts).toEqual(expect.arrayContaining(["cls 1", "tokens 16", "× 2", "batch", "layer(eps: 1e-6)", "attention", "in repeat 0 cls: layer(eps: 1e-6)", "loss cross_entropy"]));
});

test("names of a spec cannot break out of the picture", async () => {
  const svg = await architectureSvg({ ...overviewOf(stackModel("  normalize { cls, tokens: layer }\n  place placements.pre\n  attention(heads)")), model: `<script>"&` });
  expect(svg).not.toContain("<script>");
  expect(svg).toContain("&lt;script&gt;&quot;&amp;");
});

describe.skipIf(!canOpenPages)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await openBrowser()), 60_000);
  afterAll(() => browser.close());

  test.each(names)("%s: every text is inside of the picture and of the box that it stands in, and no box covers another", async (name) => {
    const page = await browser.newPage({ locale: "en-US" });
    await page.setContent(pictures.get(name)!);
    const faults = await page.evaluate(() => {
      const all = <T extends Element>(selector: string) => [...document.querySelectorAll<T>(selector)];
      const picture = document.querySelector("svg")!.getBoundingClientRect();
      const inside = (a: DOMRect, b: DOMRect) => a.left >= b.left - 0.5 && a.right <= b.right + 0.5 && a.top >= b.top - 0.5 && a.bottom <= b.bottom + 0.5;
      const boxes = all("rect.box, rect.layer, rect.open, rect.loss, rect.chip").map((box) => ({ box, area: box.getBoundingClientRect() }));
      const found: string[] = [];
      for (const text of all("text")) {
        const area = text.getBoundingClientRect();
        const middle = { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 };
        const own = boxes.filter(({ area: box }) => middle.x > box.left && middle.x < box.right && middle.y > box.top && middle.y < box.bottom);
        if (!inside(area, picture)) found.push(`${text.textContent} leaves the picture`);
        for (const { area: box } of own) if (area.left < box.left || area.right > box.right) found.push(`${text.textContent} leaves its box`);
      }
      boxes.forEach(({ area: a }, i) => {
        for (const { area: b } of boxes.slice(i + 1)) {
          const apart = a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;
          if (!apart && !inside(a, b) && !inside(b, a)) found.push(`boxes at ${a.left}, ${a.top} and ${b.left}, ${b.top} overlap`);
        }
      });
      return found;
    });
    expect(faults).toEqual([]);
    await page.close();
  });
});
