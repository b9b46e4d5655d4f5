/**
 * Bundles what one part writes for each row, such as a mean and a deviation: they live equally long, and as one range they take one
 * binding of a dispatch.
 */

import { elements } from "../ir/types.js";
import { type Pack, packOf } from "./pack.js";
import type { Part } from "./part.js";
import type { Tensor } from "./tensor.js";

/** @param taken tensors that are packed already. */
export function bundles(parts: readonly Part[], taken: ReadonlySet<Tensor>): readonly Pack[] {
  const done = new Set(taken);
  return parts.flatMap((part) => {
    const groups = new Map<string, Tensor[]>();
    for (const { tensor, columns } of part.stores) {
      if (part.kind === "product" || tensor.storage !== "temporary" || columns.length > 0 || done.has(tensor)) continue;
      const key = `${tensor.dtype} ${tensor.half} ${elements(tensor.axes)}`;
      groups.set(key, [...(groups.get(key) ?? []), tensor]);
      done.add(tensor);
    }
    return [...groups.values()].filter((tensors) => tensors.length > 1).map(packOf);
  });
}
