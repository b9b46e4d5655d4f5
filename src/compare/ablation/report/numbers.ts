/** Numbers of one column, written alike. */

import type { Interval } from "./bootstrap.js";
import { quantile } from "./statistics.js";

/** How the values of one column are written: means, deviations and differences to the same place. */
export interface NumberForm {
  value(value: number): string;
  /** With its sign. */
  difference(value: number): string;
  interval(interval: Interval): string;
}

/** From here on, and below its inverse, numbers are written with powers of ten. */
const large = 1e5;

/**
 * The form of a column: to the second digit of the deviation in the middle, beyond which digits say nothing; without
 * deviations, with four digits of the largest mean.
 */
export function numberForm(means: readonly number[], deviations: readonly number[]): NumberForm {
  const sizes = means.map(Math.abs).filter((size) => size > 0);
  const largest = Math.max(...sizes, 0);
  const spread = deviations.filter((deviation) => deviation > 0).toSorted((a, b) => a - b);
  const finest = spread.length > 0 ? quantile(spread, 0.5) / 10 : largest / 1000;
  const places = finest === 0 ? 1 : Math.max(0, -Math.floor(Math.log10(finest)));
  const written = largest >= large || (largest > 0 && largest < 1 / large) || places > 8 ? (size: number) => size.toExponential(3) : (size: number) => size.toFixed(places);
  const unsigned = (value: number) => written(Math.abs(value));
  // A value that is only rounded to 0 keeps its sign in a difference: on which side of 0 it lies is what counts there.
  const value = (own: number) => (own < 0 && Number(unsigned(own)) !== 0 ? `-${unsigned(own)}` : unsigned(own));
  const difference = (own: number) => `${own < 0 ? "-" : own > 0 ? "+" : ""}${unsigned(own)}`;
  return { value, difference, interval: ([low, high]) => `[${difference(low)}, ${difference(high)}]` };
}
