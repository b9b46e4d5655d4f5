/** Which weights do not load, or load under another name, as lists for people. */

import { folded } from "../../overview/paths.js";
import type { Verdict } from "../verdict.js";

/** Weights that do not load, or load under another name. */
export interface WeightList {
  readonly title: string;
  /** Repeats folded. */
  readonly items: readonly { readonly name: string; readonly count: number }[];
}

export function weightLists({ loads, gone, fresh }: Verdict): WeightList[] {
  const reshaped = new Set(gone.filter((name) => fresh.includes(name)));
  const renamed = loads.filter(({ before, after }) => before !== after);
  const alike = folded(renamed, ({ before }) => before, ({ after }) => after.replace(/\d+/g, "#"));
  const list = (title: string, items: WeightList["items"]): WeightList[] => (items.length === 0 ? [] : [{ title: `${title} (${items.reduce((sum, { count }) => sum + count, 0)})`, items }]);
  return [
    ...list("weights with another name", alike.map(({ path, items }) => ({ name: `${path} → ${folded(items, ({ after }) => after).map((own) => own.path).join(", ")}`, count: items.length }))),
    ...list("weights of another shape, which begin new", named([...reshaped])),
    ...list("weights of A that B does not have", named(gone.filter((name) => !reshaped.has(name)))),
    ...list("weights of B that begin new", named(fresh.filter((name) => !reshaped.has(name)))),
  ];
}

/** Names with their repeats folded, those of one part together: `encoder.0..11.mlp.b_in, .b_out`. */
function named(names: readonly string[]): WeightList["items"] {
  const parts = new Map<string, { readonly name: string; readonly count: number }>();
  for (const { path, items } of folded(names, (name) => name)) {
    const dot = path.lastIndexOf(".");
    const key = `${items.length} ${dot < 0 ? path : path.slice(0, dot)}`;
    const known = dot < 0 ? undefined : parts.get(key);
    parts.set(key, { name: known === undefined ? path : `${known.name}, ${path.slice(dot)}`, count: (known?.count ?? 0) + items.length });
  }
  return [...parts.values()];
}
