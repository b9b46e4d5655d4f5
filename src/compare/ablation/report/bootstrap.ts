/**
 * Bootstrap intervals of means: the percentile interval (Efron and Tibshirani, "An introduction to the bootstrap", 1993,
 * chapter 13).
 *
 * Not BCa, their chapter 14: its acceleration is estimated by leaving out one value after the other, which says nothing
 * with two to five seeds, and an ablation seldom has more.
 */

import { keyOf, threefry } from "../../../random/threefry.js";
import { quantile } from "./statistics.js";

export const resamples = 10_000;
export const confidence = 0.95;

/** The ends of an interval. */
export type Interval = readonly [low: number, high: number];

/**
 * The intervals of one report. What is drawn depends on the name and on the number of values alone, so that the same results
 * give the same text, and all comparisons over the same seeds draw the same seeds.
 */
export class Bootstrap {
  private readonly draws = new Map<number, Uint32Array>();

  /** @param name of the ablation. */
  constructor(private readonly name: string) {}

  /**
   * The interval of the mean of all values, when whole groups are drawn with replacement: a group holds the values of one
   * seed. Undefined for fewer than two groups.
   */
  interval(groups: readonly (readonly number[])[]): Interval | undefined {
    const count = groups.length;
    if (count < 2) return undefined;
    const sums = groups.map((values) => values.reduce((sum, value) => sum + value, 0));
    const sizes = groups.map((values) => values.length);
    const drawn = this.drawn(count);
    const means = new Float64Array(resamples);
    for (let i = 0; i < resamples; i++) {
      let sum = 0;
      let size = 0;
      for (let j = 0; j < count; j++) {
        const group = drawn[i * count + j]!;
        sum += sums[group]!;
        size += sizes[group]!;
      }
      means[i] = sum / size;
    }
    means.sort();
    return [quantile(means, (1 - confidence) / 2), quantile(means, (1 + confidence) / 2)];
  }

  /** The groups of every resample, one resample after the other. */
  private drawn(count: number): Uint32Array {
    let drawn = this.draws.get(count);
    if (drawn === undefined) {
      const key = keyOf(0, `bootstrap of ${count} in ${this.name}`, 0);
      const words = new Uint32Array(2);
      drawn = Uint32Array.from({ length: resamples * count }, (_, i) => {
        threefry(key, i, 0, words);
        return Math.floor((words[0]! / 2 ** 32) * count);
      });
      this.draws.set(count, drawn);
    }
    return drawn;
  }
}
