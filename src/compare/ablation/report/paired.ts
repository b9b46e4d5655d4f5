/** Differences between configurations, pair by pair: the same seed in both. */

import type { Report } from "../results.js";
import type { Bootstrap, Interval } from "./bootstrap.js";
import { meanOf } from "./statistics.js";

export interface Difference {
  /** How many seeds have a value in both. */
  readonly count: number;
  /** The mean of the differences; null without common seeds. */
  readonly mean: number | null;
  /** The bootstrap interval of the mean; null for fewer than two common seeds. */
  readonly interval: Interval | null;
  /** In how many seeds the value is higher than in the other configuration, and lower. */
  readonly higher: number;
  readonly lower: number;
  /** What the interval says: unclear when it holds 0; null without one. Better or worse where it is known which values are good. */
  readonly verdict: Verdict | null;
}

export type Verdict = "better" | "worse" | "higher" | "lower" | "unclear";

/** A value for every seed; null where there is none. */
export type BySeed = readonly (number | null)[];

/** `values` less `others`, seed by seed. */
export function pairedDifference(values: BySeed, others: BySeed, best: Report["best"], bootstrap: Bootstrap): Difference {
  const differences = values.flatMap((value, i) => {
    const other = others[i] ?? null;
    return value === null || other === null ? [] : [value - other];
  });
  const interval = bootstrap.interval(differences.map((difference) => [difference])) ?? null;
  return {
    count: differences.length,
    mean: differences.length === 0 ? null : meanOf(differences),
    interval,
    higher: differences.filter((difference) => difference > 0).length,
    lower: differences.filter((difference) => difference < 0).length,
    verdict: interval === null ? null : verdictOf(interval, best),
  };
}

/** Whether an interval of differences holds 0. */
export function holdsZero([low, high]: Interval): boolean {
  return low <= 0 && high >= 0;
}

/** What an interval of differences says. */
export function verdictOf(interval: Interval, best: Report["best"]): Verdict {
  if (holdsZero(interval)) return "unclear";
  const isHigher = interval[0] > 0;
  if (best === undefined) return isHigher ? "higher" : "lower";
  return isHigher === (best === "highest") ? "better" : "worse";
}
