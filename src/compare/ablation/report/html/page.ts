/** The report as a page. It is one file that asks for nothing, and its content security policy would let it ask for nothing. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { curvesOf } from "../curves.js";
import type { Summary } from "../summary.js";
import { marks } from "../words.js";
import { type CurveData, drawCurves, openForPrint, sortTables } from "./client.js";
import { isWide, pensOf, stoppedDash } from "./curves.js";
import { embedded, escaped } from "./escape.js";
import { type Section, sectionsOf } from "./sections.js";
import { styleText } from "./style.js";

/** The report of an ablation as one page of HTML. */
export function pageText(summary: Summary): string {
  const { name, spec, documentation } = summary.results;
  const curves = curvesOf(summary.results);
  const data: CurveData = { curves: curves.map((own) => ({ ...own, isWide: isWide(own) })), pens: pensOf(summary, curves), stoppedDash };
  const sections = sectionsOf(summary, curves, data.pens);
  const hasCurves = curves.length > 0;
  const library = hasCurves ? chartLibrary() : undefined;
  const scripts = [
    ...(library === undefined ? [] : [`${library.licence}\n${library.script}`]),
    `(${sortTables.toString()})();\n(${openForPrint.toString()})();${hasCurves ? `\n(${drawCurves.toString()})(JSON.parse(document.getElementById("data").textContent), uPlot);` : ""}`,
  ].map((text) => `\n${text}\n`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Norm">
<title>${escaped(name)} · ${escaped(spec)}</title>
<link rel="icon" href="data:,">
<style>
${library === undefined ? "" : `${library.style}\n`}${styleText}</style>
</head>
<body>
<header>
<p class="kicker">Ablation in <code>${escaped(spec)}</code></p>
<h1>${escaped(name)}</h1>
${documentation.split(/\n\s*\n/).filter((text) => text.trim() !== "").map((text) => `<p class="documentation">${escaped(text.trim())}</p>`).join("\n")}
<nav aria-label="Parts of this page"><ul>${sections.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join("")}</ul></nav>
</header>
<main>
${sections.map(sectionHtml).join("\n")}
</main>
<footer><p>${marks.best} best mean, ${marks.tied} not to be told from it. Made by Norm from results that were measured; it asks nothing of the network.${hasCurves ? " Curves by uPlot, plots by Observable Plot." : " Plots by Observable Plot."}</p></footer>
${hasCurves ? `<script type="application/json" id="data">${embedded(data)}</script>\n` : ""}${scripts.map((text) => `<script>${text}</script>`).join("\n")}
</body>
</html>
`;
}

function sectionHtml({ id, title, lead, content }: Section): string {
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${escaped(title)}</h2>
<p>${escaped(lead)}</p>
${content}
</section>`;
}

/** Nothing is loaded, and only these scripts run: not even text that was let through unescaped could. */
function policyOf(scripts: readonly string[]): string {
  const hashes = scripts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  return ["default-src 'none'", `script-src ${hashes.join(" ")}`, "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'"].join("; ");
}

/** uPlot, with the licence that wants to be with it. */
function chartLibrary(): { readonly script: string; readonly style: string; readonly licence: string } {
  const own = createRequire(import.meta.url);
  const read = (path: string) => readFileSync(own.resolve(`uplot/${path}`), "utf8").trim();
  return { script: read("dist/uPlot.iife.min.js"), style: read("dist/uPlot.min.css"), licence: `/*\n${read("LICENSE")}\n*/` };
}
