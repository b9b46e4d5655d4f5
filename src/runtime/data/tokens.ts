/** Which input of the model takes the tokens of a text. */

import type { DataSource, InputSpec } from "../trainer.js";
import { missingField } from "./field.js";

/**
 * The input that takes tokens: an i32 input with one axis after `batch`, named `token` or `text`, or the only one
 * that is not among `others`. Returns its name and the extent of its axis. Throws a DataError if there is none, or more than one.
 */
export function tokenInput(inputs: readonly InputSpec[], others: readonly string[], source: DataSource): { name: string; extent: number } {
  const sequences = inputs.filter(({ name, type, axes }) => type === "i32" && axes.length === 2 && !others.includes(name));
  const named = sequences.filter(({ name }) => name === "token" || name === "text");
  const chosen = named.length > 0 ? named : sequences;
  if (chosen.length !== 1) {
    const wrong = chosen[1] ?? inputs.find(({ name }) => !others.includes(name));
    throw missingField(wrong?.name ?? "token", ["token (i32, one axis: the tokens)", ...others], source);
  }
  return { name: chosen[0]!.name, extent: chosen[0]!.axes[1]!.extent };
}
