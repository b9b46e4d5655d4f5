/** What a run is called in a log that holds many runs. */

import { basename, resolve } from "node:path";
import type { Manifest } from "../trainer.js";

export interface RunIdentity {
  /** What the run belongs to: an ablation's name, or the recipe's. */
  readonly experiment: string;
  /** The run among others of the experiment: a cell's name, or the name of the run's folder. */
  readonly run: string;
  /** What sets the run apart beyond what its recipe says: the choices of an ablation's factors, by their names. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A recipe that is trained on its own: `mnist`, and in it the run `mnist-2`. */
export function recipeIdentity({ name }: Pick<Manifest, "name">, folder: string): RunIdentity {
  return { experiment: name, run: basename(resolve(folder)), parameters: {} };
}
