/** What the training loop needs of a data set. */

import type { DataExtent } from "./checkpoint.js";
import { batches, batchesPerEpoch, evaluationBatches } from "./data/batches.js";
import type { DataSet } from "./data/index.js";
import type { Batch, Manifest } from "./trainer.js";

/** The examples of a run in batches. The same arguments always give the same batches, each with arrays of its own. */
export interface Batches extends DataExtent {
  /** One line for people. */
  readonly description: string;
  /** The full batches of epoch number `epoch` (from 0), in its own order, from batch number `start` (from 0) on. */
  training(epoch: number, start: number): Iterable<Batch>;
  /** All held-out examples, the last batch filled up. */
  heldOut(): Iterable<Batch>;
}

/** The batches of a data set as the manifest wants them. Throws `DataError` if its examples do not fill one. */
export function makeBatches(set: DataSet, { batch, seed }: Pick<Manifest, "batch" | "seed">): Batches {
  return {
    description: set.description,
    stepsPerEpoch: batchesPerEpoch(set.train, batch),
    trainingExamples: set.train.count,
    heldOutExamples: set.heldOut.count,
    training: (epoch, start) => batches(set.train, { batch, seed, epoch, start }),
    heldOut: () => evaluationBatches(set.heldOut, batch),
  };
}
