/** What logs get of a run: named numbers of each line of its metrics, and its hyperparameters. */

import type { Measured } from "../measuring.js";
import type { EvaluationMetrics, MeasureMetrics, Metrics } from "../metrics.js";
import type { RunStart } from "../observer.js";
import type { RunIdentity } from "./identity.js";

export interface Scalar {
  /** `train/loss`, `held_out/accuracy`, `measures/uniformity(encoded.cls)`. */
  readonly name: string;
  /** NaN where it was not finite. */
  readonly value: number;
}

/** Fields of a training step's line that say when it was; logs have steps and times of their own. */
const counters = new Set(["step", "epoch", "seconds"]);

/**
 * The numbers of a line. A list, such as a spectrum, gets a name for each of its values, in a group of its own, so that viewers,
 * which group by what stands before the first slash, can fold it: `spectrum(encoded.cls)/01`.
 */
export function scalarsOf(metrics: Metrics): Scalar[] {
  if (isEvaluation(metrics)) return named("held_out/", metrics.held_out);
  if (isMeasure(metrics)) return named("measures/", metrics.measures);
  return named("train/", Object.fromEntries(Object.entries(metrics).filter(([name]) => !counters.has(name))));
}

function isEvaluation(metrics: Metrics): metrics is EvaluationMetrics {
  return "held_out" in metrics && typeof metrics.held_out === "object";
}

function isMeasure(metrics: Metrics): metrics is MeasureMetrics {
  return "measures" in metrics && typeof metrics.measures === "object";
}

function named(group: string, values: Readonly<Record<string, Measured>>): Scalar[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === null || typeof value === "number") return [{ name: group + name, value: value ?? NaN }];
    const digits = String(value.length).length;
    return value.map((element, i) => ({ name: `${name}/${String(i + 1).padStart(digits, "0")}`, value: element ?? NaN }));
  });
}

/** A kept line, and when it would have been written if the run had not paused: lines have no time of day. */
export interface TimedLine {
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** @param now milliseconds since 1970. */
export function timedLines({ kept, seconds: reached }: Pick<RunStart, "kept" | "seconds">, now: number): TimedLine[] {
  let seconds = 0;
  return kept.map((metrics) => {
    if ("seconds" in metrics) seconds = metrics.seconds;
    return { metrics, time: Math.round(now - Math.max(0, reached - seconds) * 1000) };
  });
}

/** What a run was made with, each name once, numbers as numbers. */
export function hyperparameters({ manifest, steps, device }: Pick<RunStart, "manifest" | "steps" | "device">, { parameters }: RunIdentity): Map<string, string | number> {
  const { name, spec, seed, target, batch, precision, cost, recipe } = manifest;
  const facts = { spec, recipe: name, seed, target, device, batch, steps, precision, parameters: cost.parameters, flops_per_step: cost.flopsPerStep };
  const lines = recipe.split("\n").flatMap((line): [string, string][] => {
    const parts = /^(\S+ at [^:]+): (.*)$/.exec(line) ?? /^(\S+)\s+(.*)$/.exec(line);
    return parts === null ? [] : [[parts[1]!, parts[2]!]];
  });
  const own = new Map<string, string | number>([...Object.entries(facts), ...lines]);
  // A factor of an ablation goes by its own name, whatever the run calls so; the same number stays one.
  for (const [name, value] of Object.entries(parameters)) if (String(own.get(name)) !== value) own.set(name, value);
  return own;
}
