/** How training goes, while it goes. */

import { formatCount, formatMeasure, formatSeconds, formatValue } from "./format.js";
import type { Measured } from "./measuring.js";
import type { Terminal } from "./terminal.js";

/** The size of a run. */
export interface RunExtent {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Examples per batch. */
  readonly batch: number;
  /** Steps that were done before this session. */
  readonly startStep: number;
}

/** The state after a training step. */
export interface StepReport {
  /** Steps done. */
  readonly step: number;
  /** Smoothed. */
  readonly loss: number;
  readonly rate: number;
  /** Seconds since this session began. */
  readonly elapsed: number;
}

/** Seconds between two drawings of the line. */
const redrawEvery = 0.1;
/** Seconds without a plain line at most, in the beginning; later, this share of the time gone by, lest logs grow for days. */
const lineEvery = 10;
const lineShare = 0.05;
/** Plain lines over a run, and evaluations that get a line. */
const lineCount = 20;

/** Shows progress as one redrawn line on a terminal, as lines now and then elsewhere. */
export class Progress {
  private shownAt = -Infinity;
  private measuredAt = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly extent: RunExtent,
  ) {
    // Elsewhere than on a terminal, the first line is due with its share of the steps or of the time.
    if (!terminal.interactive) this.shownAt = 0;
  }

  step(report: StepReport): void {
    const { terminal, extent } = this;
    if (terminal.interactive) {
      if (report.elapsed - this.shownAt < redrawEvery && report.step < extent.steps) return;
      terminal.draw(this.withBar(report));
    } else {
      const due =
        isDue(report.step, extent.steps) ||
        report.elapsed - this.shownAt >= Math.max(lineEvery, report.elapsed * lineShare);
      if (!due) return;
      terminal.print(`step ${this.describe(report).join("  ")}`);
    }
    this.shownAt = report.elapsed;
  }

  /** Reports the held-out measures after `step` steps; of many epochs, only every so many get a line. */
  evaluation(step: number, measures: Readonly<Record<string, number | null>>): void {
    const { steps, stepsPerEpoch } = this.extent;
    if (step < steps && !isDue(Math.floor(step / stepsPerEpoch), Math.ceil(steps / stepsPerEpoch))) return;
    this.terminal.print(`${this.epoch(step)}  held out: ${formatMeasures(measures)}`);
  }

  /** Reports what measures came out as after `step` steps; of many, only every so many get a line. */
  measurement(step: number, values: Readonly<Record<string, Measured>>): void {
    const { steps } = this.extent;
    const share = (done: number) => Math.floor((done * lineCount) / steps);
    if (step < steps && share(step) === share(this.measuredAt)) return;
    this.measuredAt = step;
    this.terminal.print(`${this.epoch(step)}  step ${step}  measured: ${formatMeasured(values)}`);
  }

  end(): void {
    this.terminal.clear();
  }

  private describe({ step, loss, rate, elapsed }: StepReport): string[] {
    const { steps, batch, startStep } = this.extent;
    const perSecond = elapsed > 0 ? (step - startStep) / elapsed : 0;
    const parts = [`${step}/${steps}`, this.epoch(step), `loss ${formatValue(loss)}`, `rate ${formatValue(rate)}`];
    if (perSecond > 0) parts.push(`${formatCount(Math.round(perSecond * batch))} examples/s`);
    if (perSecond > 0 && step < steps) parts.push(`${formatSeconds((steps - step) / perSecond)} left`);
    return parts;
  }

  /** The epoch that the last of `step` steps belongs to, counted from 1. */
  private epoch(step: number): string {
    const { steps, stepsPerEpoch } = this.extent;
    return `epoch ${Math.ceil(step / stepsPerEpoch)}/${Math.ceil(steps / stepsPerEpoch)}`;
  }

  private withBar(report: StepReport): string {
    const text = this.describe(report).join("  ");
    // The last column stays free: a full line would wrap, and could not be redrawn.
    const room = this.terminal.width - 1;
    const width = Math.min(24, room - text.length - 1);
    if (width < 4) return text.slice(0, Math.max(0, room));
    const filled = Math.floor((report.step / this.extent.steps) * width);
    const { green, dim } = this.terminal.colors;
    return `${green("━".repeat(filled))}${dim("╌".repeat(width - filled))} ${text}`;
  }
}

/** Measures for people, in their order: `loss 0.2101, accuracy 0.9400`. */
export function formatMeasures(measures: Readonly<Record<string, number | null>>): string {
  return Object.entries(measures)
    .map(([name, value]) => `${name} ${formatValue(value ?? NaN)}`)
    .join(", ");
}

/** So many measures stand on a line. */
const mostOnLine = 8;

/** What measures came out as, for people: `uniformity(encoded.cls) -2.591, spectrum(encoded.cls) 3.210 … -1.102 (64)`. */
export function formatMeasured(values: Readonly<Record<string, Measured>>): string {
  const texts = Object.entries(values).map(([name, value]) => `${name} ${formatMeasure(value)}`);
  const more = texts.length - mostOnLine;
  return [...texts.slice(0, mostOnLine), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

/** Whether number `index` (from 1) of `count` is one of about `lineCount`, evenly spread, with the last among them. */
function isDue(index: number, count: number): boolean {
  return Math.floor((index * lineCount) / count) > Math.floor(((index - 1) * lineCount) / count);
}
