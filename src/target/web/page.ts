/** The page's `index.html`. What happens in it is in `runtime/web/`, which finds the elements by their ids. */

import { formatBytes, formatCount } from "../../runtime/format.js";
import type { Manifest } from "../../runtime/trainer.js";
import { loadedBytes, type StoredData } from "../../runtime/web/stored.js";

export function pageText(manifest: Manifest, data: StoredData): string {
  const { name, spec, reports } = manifest;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="Trains the model of ${escaped(spec)} in the browser.">
<title>${escaped(name)} · ${escaped(spec)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="uplot/uPlot.min.css">
<link rel="stylesheet" href="style.css">
<script defer src="uplot/uPlot.iife.min.js"></script>
<script type="module" src="runtime/web/main.js"></script>
</head>
<body>
<header>
  <h1>${escaped(name)}</h1>
  <p>Trains the model of <code>${escaped(spec)}</code> on this computer: on its GPU, or else its CPU. Nothing leaves the browser.</p>
  <p id="device">looking for a GPU …</p>
</header>

<main>
  <p id="alert" role="alert" hidden></p>
  <noscript><p class="alert">Training needs JavaScript, which is switched off here.</p></noscript>
  <script>
    // A page that is opened as a file may load no modules.
    if (location.protocol === "file:") {
      document.getElementById("device").textContent = "";
      document.getElementById("alert").textContent = "Open this page through a web server: browsers load none of its scripts from a file. In its folder, \`npx serve\` or \`python3 -m http.server\` start one.";
      document.getElementById("alert").hidden = false;
    }
  </script>

  <section class="controls" aria-label="Training">
    <button id="toggle" class="primary" disabled>Start training</button>
    <button id="save" disabled>Save weights</button>
    <p id="status" role="status"></p>
    <progress id="preparing" aria-label="Preparing" hidden></progress>
  </section>

  <dl class="readouts">
${readouts(reports)}
  </dl>

  <figure>
    <figcaption>Loss</figcaption>
    <div id="chart" role="img" aria-label="The loss by step, of each training batch, smoothed, and held out; its values are in the readouts above and the table below."></div>
  </figure>

  <section aria-labelledby="held-out">
    <h2 id="held-out">Held-out examples</h2>
    ${heldOutTable(manifest, data)}
  </section>

  ${measuresTable(manifest)}

  <section aria-labelledby="facts">
    <h2 id="facts">The run</h2>
    <dl class="facts">
${facts(manifest, data)}
    </dl>
    <details>
      <summary>Recipe</summary>
      <pre>${escaped(manifest.recipe)}</pre>
    </details>
  </section>
</main>

<footer>Compiled by Norm. The curve is drawn by <a href="https://github.com/leeoniya/uPlot">uPlot</a>.</footer>
</body>
</html>
`;
}

function readouts(reports: readonly string[]): string {
  const items: [label: string, attribute: string][] = [
    ["Step", `id="step"`],
    ["Epoch", `id="epoch"`],
    ["Training loss", `id="loss"`],
    ...reports.map((name): [string, string] => [`Training ${name}`, `data-report="${escaped(name)}"`]),
    ["Learning rate", `id="rate"`],
    ["Examples", `id="speed"`],
    ["Time left", `id="left"`],
    ["Memory", `id="held"`],
  ];
  return items.map(([label, attribute]) => `    <div><dt>${escaped(label)}</dt><dd ${attribute}>–</dd></div>`).join("\n");
}

function heldOutTable({ reports }: Manifest, { heldOut }: StoredData): string {
  if (heldOut.count === 0) return `<p>No examples are held out.</p><table hidden><tbody id="evaluations"></tbody></table>`;
  const heads = ["epoch", "step", "loss", ...reports].map((name) => `<th scope="col">${escaped(name)}</th>`);
  return `<p>Evaluated after each epoch, on ${heldOut.count.toLocaleString("en")} examples.</p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="held-out">
      <table>
        <thead><tr>${heads.join("")}</tr></thead>
        <tbody id="evaluations"></tbody>
      </table>
    </div>`;
}

/** What measures last came out as. */
function measuresTable({ measures }: Manifest): string {
  const table = `<table${measures === undefined ? " hidden" : ""}><tbody id="measured"></tbody></table>`;
  if (measures === undefined) return table;
  return `<section aria-labelledby="measures">
    <h2 id="measures">Measures</h2>
    <p>Taken of held-out examples; the latest values.</p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="measures">
      ${table}
    </div>
  </section>`;
}

function facts(manifest: Manifest, data: StoredData): string {
  const { cost, batch, seed, precision } = manifest;
  const extent = manifest.steps === undefined ? `${manifest.epochs} epochs` : `${manifest.steps} steps`;
  const items: [label: string, text: string][] = [
    ["Parameters", formatCount(cost.parameters)],
    ["Predicted memory", `at most ${formatBytes(cost.peakBytes)}`],
    ["Training step", `${formatCount(cost.flopsPerStep)} floating-point operations`],
    ["Run", `${extent} of batches of ${batch} examples, seed ${seed}`],
    ["Data", `${data.description}; ${formatBytes(loadedBytes(data))} to load`],
    ["Floats", precision === "mixed" ? "mixed precision, stored as float32 here" : "float32"],
  ];
  return items.map(([label, text]) => `      <div><dt>${label}</dt><dd>${escaped(text)}</dd></div>`).join("\n");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
