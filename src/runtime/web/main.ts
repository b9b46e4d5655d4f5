/// <reference lib="dom" />
/** The script of a page that trains a model: `index.html` runs it. */

import type { Manifest } from "../trainer.js";
import { Chart } from "./chart.js";
import { chooseDevice } from "./choose.js";
import type { Device } from "./device.js";
import { loadJson } from "./files.js";
import { Run } from "./run.js";
import type { StoredData } from "./stored.js";
import { View } from "./view.js";

/** Milliseconds between drawings: steps may be much shorter. */
const redrawEvery = 100;

/** The page's run; undefined when it cannot train here. */
export const run = await open(new View());

async function open(view: View): Promise<Run | undefined> {
  try {
    const device = await chooseDevice(new URLSearchParams(location.search).get("device"));
    view.showDevice(device.description);
    const [manifest, stored] = await Promise.all([loadJson<Manifest>("manifest.json"), loadJson<StoredData>("data/index.json")]);
    return show(view, device, manifest, stored);
  } catch (error) {
    view.showDevice("nothing computes");
    view.showProblem(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function show(view: View, device: Device, manifest: Manifest, stored: StoredData): Run {
  const own = new Run(manifest, stored, device, () => redraw());
  const chart = new Chart(document.getElementById("chart")!);
  const redraw = paced(() => {
    view.show(own, stored);
    chart.show(own);
  });
  view.onToggle(() => void (own.phase.kind === "training" ? own.pause() : own.start()));
  view.onSave(() => void save(own));
  addEventListener("beforeunload", (event) => {
    // The browser asks whether to leave: nothing of an unfinished run would be left.
    if (own.phase.kind === "training") event.preventDefault();
  });
  redraw();
  return own;
}

/** Draws soon after the first of several calls, and never for a page that is not seen. */
function paced(draw: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      requestAnimationFrame(() => {
        isDue = false;
        draw();
      });
    }, redrawEvery);
  };
}

/** Gives the reader the weights as a file. */
async function save(own: Run): Promise<void> {
  const weights = await own.weights();
  if (weights === undefined) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(weights.parts as Uint8Array<ArrayBuffer>[], { type: "application/octet-stream" }));
  link.download = `${own.manifest.name}-step-${weights.step}.safetensors`;
  link.click();
  URL.revokeObjectURL(link.href);
}
