/** Which configurations are marked in a column: the best mean, and what cannot be told from it. */

import type { Report } from "../results.js";
import type { Bootstrap } from "./bootstrap.js";
import { type BySeed, holdsZero, pairedDifference } from "./paired.js";
import { meanOf } from "./statistics.js";

export type Mark = "best" | "tied";

/**
 * A mark for every configuration. Only configurations with the most seeds are compared: one that has lost seeds may have
 * kept the lucky ones. `best` has the best mean; `tied` are those whose paired difference to it has an interval that
 * holds 0.
 */
export function marksOf(columns: readonly BySeed[], best: Report["best"], bootstrap: Bootstrap): (Mark | null)[] {
  const present = columns.map((values) => values.filter((value) => value !== null));
  const most = Math.max(0, ...present.map(({ length }) => length));
  if (best === undefined || most === 0) return columns.map(() => null);
  const means = present.map((values) => (values.length < most ? null : meanOf(values)));
  const finest = means.filter((mean) => mean !== null).reduce(best === "highest" ? (a, b) => Math.max(a, b) : (a, b) => Math.min(a, b));
  const leader = columns[means.indexOf(finest)]!;
  return columns.map((values, i) => {
    if (means[i] === null) return null;
    if (means[i] === finest) return "best";
    const { interval } = pairedDifference(values, leader, best, bootstrap);
    return interval !== null && holdsZero(interval) ? "tied" : null;
  });
}
