/** `metrics.jsonl`: what a run measured, one JSON object on each line, so that a killed run loses the last line at most. */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RunState } from "./checkpoint.js";
import { SaveError } from "./errors.js";
import { writeAtomically } from "./files.js";
import type { Measured } from "./measuring.js";
import type { Point } from "./plot.js";

/** A training step's line. `seconds` counts from the start of the run; `step` counts from 1. */
export interface StepMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly rate: number;
  readonly seconds: number;
  readonly examples_per_second: number;
  readonly [report: string]: number;
}

/** An evaluation's line: means over the held-out examples after `step` training steps. */
export interface EvaluationMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly held_out: Readonly<Record<string, number | null>>;
}

/** What measures came out as after `step` training steps. */
export interface MeasureMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly measures: Readonly<Record<string, Measured>>;
}

export type Metrics = StepMetrics | EvaluationMetrics | MeasureMetrics;

/** What a run goes on from. */
type Reached = Pick<RunState, "step" | "evaluatedAt" | "measuredAt">;

export function metricsPath(folder: string): string {
  return join(folder, "metrics.jsonl");
}

/** The metrics of a run, open for appending. */
export class MetricsLog {
  private constructor(
    private readonly path: string,
    private readonly file: number,
  ) {}

  /**
   * Opens the log of a run that goes on from `state`, or from the beginning: lines from after the checkpoint are dropped,
   * because the steps will be done again, and so is a last line that was torn. Throws `SaveError`.
   */
  static async open(folder: string, state: Reached): Promise<MetricsLog> {
    const path = metricsPath(folder);
    const kept = keptLines(path, state);
    await writeAtomically(path, [Buffer.from(kept.map(({ text }) => `${text}\n`).join(""))]);
    try {
      return new MetricsLog(path, openSync(path, "a"));
    } catch (cause) {
      throw new SaveError(path, cause);
    }
  }

  /** Appends a line. Numbers that are not finite become null. Throws `SaveError`. */
  append(metrics: Metrics): void {
    const bytes = Buffer.from(`${JSON.stringify(metrics)}\n`);
    this.write(() => {
      for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done);
    });
  }

  /** Makes the lines so far durable; to be called before a checkpoint that they belong to is written. */
  flush(): void {
    this.write(() => fsyncSync(this.file));
  }

  close(): void {
    closeSync(this.file);
  }

  private write(action: () => void): void {
    try {
      action();
    } catch (cause) {
      throw new SaveError(this.path, cause);
    }
  }
}

/**
 * The whole lines of a run; with `state` those that stand when it goes on from there, as `MetricsLog.open` keeps them. Numbers that
 * are not finite are null in them.
 */
export function readMetrics(folder: string, state?: Reached): Metrics[] {
  const path = metricsPath(folder);
  return (state === undefined ? readLines(path) : keptLines(path, state)).map(({ text }) => JSON.parse(text) as Metrics);
}

/** The training loss by step, for the curve. */
export function readLosses(folder: string): Point[] {
  return readLines(metricsPath(folder)).flatMap(({ step, kind, loss }) =>
    kind === "step" ? [{ x: step, y: loss }] : [],
  );
}

interface Line {
  readonly text: string;
  readonly step: number;
  readonly kind: "step" | "evaluation" | "measures";
  readonly loss: number;
}

/** Without the lines from after `state`. */
function keptLines(path: string, state: Reached): Line[] {
  const last = { step: state.step, evaluation: state.evaluatedAt, measures: state.measuredAt };
  return readLines(path).filter(({ step, kind }) => step <= last[kind]);
}

/** The whole lines of a log, without those that are torn or strange. */
function readLines(path: string): Line[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text) => {
      try {
        const value = JSON.parse(text) as { step?: unknown; held_out?: unknown; measures?: unknown; loss?: unknown } | null;
        if (typeof value !== "object" || value === null || typeof value.step !== "number") return [];
        const loss = typeof value.loss === "number" ? value.loss : NaN;
        const kind = value.held_out !== undefined ? "evaluation" : typeof value.measures === "object" ? "measures" : "step";
        return [{ text, step: value.step, kind, loss }];
      } catch {
        return [];
      }
    });
}
