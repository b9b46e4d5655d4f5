/** Batches for training (shuffled anew each epoch, always full) and for evaluation (in order, the last one padded). */

import { keyOf, permutation } from "../../random/threefry.js";
import type { Batch } from "../trainer.js";
import { DataError } from "./error.js";
import type { Examples } from "./examples.js";

/** The number of full batches in one epoch. Throws a DataError if the examples do not fill one. */
export function batchesPerEpoch(examples: Examples, batch: number): number {
  const full = Math.floor(examples.count / batch);
  if (full === 0) {
    throw new DataError(
      "training data",
      `there are ${examples.count} training examples, fewer than one batch of ${batch}`,
      "make the batch smaller, hold out fewer examples, or use more data",
    );
  }
  return full;
}

/**
 * The training batches of one epoch (0-based) from batch number `start` on. They depend on nothing but the examples and
 * the options, so that a run that resumes in the middle of an epoch sees the batches that it would have seen.
 * Examples left over after the last full batch are not seen in this epoch; other epochs leave over others.
 * Throws a DataError if the examples do not fill one batch.
 */
export function batches(
  examples: Examples,
  options: { readonly batch: number; readonly seed: number; readonly epoch: number; readonly start?: number },
): Generator<Batch, void, undefined> {
  const { batch, seed, epoch, start = 0 } = options;
  const full = batchesPerEpoch(examples, batch);
  const order = permutation(keyOf(seed, "shuffle", epoch), examples.count);
  return (function* () {
    for (let number = start; number < full; number++) {
      yield { inputs: examples.take(order.subarray(number * batch, (number + 1) * batch)), valid: batch };
    }
  })();
}

/** All examples in order, in batches of `batch`; the last one is filled up with copies of the last example, which `valid` leaves out. */
export function* evaluationBatches(examples: Examples, batch: number): Generator<Batch, void, undefined> {
  const last = examples.count - 1;
  for (let first = 0; first <= last; first += batch) {
    const indices = Uint32Array.from({ length: batch }, (_, i) => Math.min(first + i, last));
    yield { inputs: examples.take(indices), valid: Math.min(batch, examples.count - first) };
  }
}
