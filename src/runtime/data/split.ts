/** The seeded split of a data set that has no test part of its own. */

import { keyOf, permutation } from "../../random/threefry.js";

/**
 * Splits the numbers 0 … count − 1 into two sorted lists: a random share `holdout` (0 ≤ holdout < 1), and the rest.
 * The share is rounded to whole examples: at least one when `holdout` is above 0, and never all (`count` is then at least 2).
 * It depends on nothing but the arguments.
 */
export function splitExamples(count: number, holdout: number, seed: number): { train: Uint32Array; heldOut: Uint32Array } {
  const order = permutation(keyOf(seed, "holdout", 0), count);
  const share = holdout === 0 ? 0 : Math.max(1, Math.min(count - 1, Math.round(holdout * count)));
  return { train: order.slice(share).sort(), heldOut: order.slice(0, share).sort() };
}
