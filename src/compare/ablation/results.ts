/** What an ablation came out as: the data behind every report of it, in whatever form it is printed. It is plain JSON. */

import type { Metrics } from "../../runtime/metrics.js";

export interface Results {
  /** The ablation's name, and its spec as it was named on the command line. */
  readonly name: string;
  readonly spec: string;
  /** The `///` lines above the ablation. */
  readonly documentation: string;
  /** What varies, in the order of the `vary` lines; paths that vary together follow one another. */
  readonly factors: readonly Factor[];
  readonly seeds: readonly number[];
  /** The reported values, in the order of the text. */
  readonly reports: readonly Report[];
  /** The configuration against which the others are compared, by its name. */
  readonly base: string;
  readonly configurations: readonly Configuration[];
}

export interface Factor {
  /** `encoder.normalize.cls`. */
  readonly path: string;
  /** The shortest end of the path that no other factor has: `cls`. */
  readonly label: string;
  /** As written, in order: `layer(eps: 1e-6)`. */
  readonly choices: readonly string[];
}

export interface Report {
  /** As written: `measured.accuracy`. */
  readonly path: string;
  /** The recipe, and the report, the loss or the measure of it. */
  readonly recipe: string;
  readonly value: string;
  /** Which values are the good ones; undefined when nobody said. */
  readonly best?: "highest" | "lowest";
}

/** A choice for every factor; with a seed it is a cell. */
export interface Configuration {
  /** Stable, and a file name: `cls-batch.place-pre.tokens-layer`. */
  readonly name: string;
  /** What is chosen, by the factors' labels. */
  readonly choices: Readonly<Record<string, string>>;
  readonly cost: { readonly parameters: number; readonly flopsPerStep: number; readonly peakBytes: number };
  /** How it differs from the base, as `norm diff` says it in text; empty for the base itself. */
  readonly difference: string;
  /** One for every seed, in order. */
  readonly cells: readonly Cell[];
}

export interface Cell {
  /** The configuration's name and the seed: `cls-batch.place-pre.tokens-layer.seed-7`. */
  readonly name: string;
  readonly seed: number;
  /** Relative to the folder of the ablation. */
  readonly folder: string;
  readonly status: "finished" | "failed" | "unfinished" | "waiting";
  /** What went wrong, for a failed cell. */
  readonly error?: string;
  /** Seconds of training and evaluation of all recipes together. */
  readonly seconds: number;
  /** The reported values by their paths; null where one is missing or not finite. A list is one value along an axis. */
  readonly values: Readonly<Record<string, number | readonly (number | null)[] | null>>;
  /** The lines of `metrics.jsonl`, by recipe; thinned where there are many. */
  readonly metrics: Readonly<Record<string, readonly Metrics[]>>;
}
