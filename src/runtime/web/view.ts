/// <reference lib="dom" />
/** The page's elements, and what of a run they show. `index.html` has them, by their ids. */

import { formatBytes, formatCount, formatMeasure, formatSeconds, formatValue } from "../format.js";
import type { RunState } from "../checkpoint.js";
import type { EvaluationMetrics } from "../metrics.js";
import type { Phase, Run } from "./run.js";
import { loadedBytes, type StoredData } from "./stored.js";

const ids = ["device", "alert", "toggle", "save", "status", "preparing", "step", "epoch", "loss", "rate", "speed", "left", "held", "evaluations", "measured"] as const;

export class View {
  private readonly elements: Readonly<Record<(typeof ids)[number], HTMLElement>>;
  private readonly reports = new Map<string, HTMLElement>();
  private shownEvaluations: readonly EvaluationMetrics[] = [];
  private shownMeasures: RunState["measured"] = {};

  constructor() {
    this.elements = Object.fromEntries(ids.map((id) => [id, document.getElementById(id)])) as Record<(typeof ids)[number], HTMLElement>;
    for (const element of document.querySelectorAll<HTMLElement>("[data-report]")) this.reports.set(element.dataset["report"]!, element);
  }

  onToggle(act: () => void): void {
    this.elements.toggle.addEventListener("click", act);
  }

  onSave(act: () => void): void {
    this.elements.save.addEventListener("click", act);
  }

  /** One line on what computes. */
  showDevice(line: string): void {
    this.elements.device.textContent = line;
  }

  /** What the reader must know of; nothing takes it away. */
  showProblem(message: string): void {
    this.setText("alert", message);
    this.elements.alert.hidden = message === "";
  }

  show(run: Run, stored: StoredData): void {
    const { phase } = run;
    this.showControls(run, stored);
    this.showProblem(phase.kind === "failed" ? phase.message : "");
    this.showNumbers(run);
    this.showEvaluations(run);
    this.showMeasures(run);
  }

  private showControls(run: Run, stored: StoredData): void {
    const { phase } = run;
    const { toggle, save, preparing } = this.elements;
    this.setText("toggle", labelOf(run));
    (toggle as HTMLButtonElement).disabled = !canToggle(phase);
    (save as HTMLButtonElement).disabled = phase.kind === "preparing" || phase.kind === "stopping" || (phase.kind === "training" ? run.state.step === 0 : run.keptStep === undefined);
    this.setText("status", statusOf(run, stored));
    preparing.hidden = phase.kind !== "preparing";
    if (phase.kind === "preparing") {
      (preparing as HTMLProgressElement).max = phase.total;
      (preparing as HTMLProgressElement).value = phase.done;
    }
  }

  private showNumbers(run: Run): void {
    const { state, steps, stepsPerEpoch, rate, lines, manifest, heldBytes } = run;
    const last = lines.at(-1);
    const perSecond = last?.examples_per_second;
    this.setText("step", `${grouped(state.step)} of ${grouped(steps)}`);
    this.setText("epoch", `${grouped(Math.ceil(state.step / stepsPerEpoch))} of ${grouped(Math.ceil(steps / stepsPerEpoch))}`);
    this.setText("loss", state.loss === null ? none : formatValue(state.loss));
    this.setText("rate", Number.isNaN(rate) ? none : formatValue(rate));
    this.setText("speed", perSecond === undefined ? none : `${formatCount(perSecond)}/s`);
    this.setText("left", perSecond === undefined ? none : formatSeconds(((steps - state.step) * manifest.batch) / perSecond));
    this.setText("held", heldBytes === undefined ? none : formatBytes(heldBytes));
    for (const [name, element] of this.reports) setText(element, last?.[name] === undefined ? none : formatValue(last[name]));
  }

  private showEvaluations({ evaluations, manifest, stepsPerEpoch }: Run): void {
    const shown = this.shownEvaluations;
    if (shown.length === evaluations.length && shown.at(-1) === evaluations.at(-1)) return;
    this.shownEvaluations = [...evaluations];
    const rows = evaluations.toReversed().map(({ step, held_out }) => {
      const measures = ["loss", ...manifest.reports].map((name) => formatValue(held_out[name] ?? NaN));
      return rowOf([grouped(step / stepsPerEpoch), grouped(step), ...measures]);
    });
    this.elements.evaluations.replaceChildren(...rows);
  }

  private showMeasures({ state: { measured } }: Run): void {
    if (this.shownMeasures === measured) return;
    this.shownMeasures = measured;
    this.elements.measured.replaceChildren(...Object.entries(measured).map(([name, value]) => rowOf([name, formatMeasure(value)])));
  }

  private setText(id: (typeof ids)[number], text: string): void {
    setText(this.elements[id], text);
  }
}

/** What stands where there is no value yet. */
const none = "–";

/** Texts that stay are left alone: screen readers tell each change of some. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function canToggle(phase: Phase): boolean {
  if (phase.kind === "failed") return phase.canGoOn;
  return phase.kind === "ready" || phase.kind === "training" || phase.kind === "paused";
}

function labelOf({ phase, keptStep = 0 }: Run): string {
  if (phase.kind === "training" || phase.kind === "stopping") return "Pause";
  if (phase.kind === "finished") return "Finished";
  if (phase.kind === "failed") return keptStep > 0 ? `Go on from step ${grouped(keptStep)}` : "Try again";
  return phase.kind === "paused" ? "Continue" : "Start training";
}

function statusOf({ phase, state }: Run, stored: StoredData): string {
  const data = formatBytes(loadedBytes(stored));
  switch (phase.kind) {
    case "ready":
      return `Ready. At the start, ${data} of examples are loaded.`;
    case "preparing":
      return phase.what === "data" ? `Loading ${data} of examples …` : "Preparing the model …";
    case "training":
      return "Training.";
    case "stopping":
      return "Pausing after the steps under way …";
    case "paused":
      return `Paused after step ${grouped(state.step)}.`;
    case "finished":
      return `Finished: ${grouped(state.step)} steps in ${formatSeconds(state.seconds)}.`;
    case "failed":
      return "Training has stopped.";
  }
}

function rowOf(cells: readonly string[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  for (const text of cells) row.insertCell().textContent = text;
  return row;
}

/** With separators; the last epoch may be a part of one. */
function grouped(count: number): string {
  return count.toLocaleString("en", { maximumFractionDigits: 2 });
}
