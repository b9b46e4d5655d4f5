/** The table of a paper: a base and its variants, what differs in each, and what each costs. */

import type { Change, Side } from "./change.js";
import type { Diff } from "./diff.js";
import type { Quantity } from "./quantities.js";
import type { Verdict } from "./verdict.js";

export interface Matrix {
  readonly base: string;
  readonly variants: readonly Variant[];
  /** The decisions in which a variant differs from the base, those of recipes last. */
  readonly decisions: readonly Decision[];
  readonly quantities: readonly MatrixQuantity[];
}

export interface Variant {
  readonly name: string;
  readonly level: Verdict["level"];
  /** How many of the base's weight tensors load, of how many. */
  readonly loads: number;
  readonly weights: number;
  /** How many decisions differ from the base's. */
  readonly variables: number;
}

export interface Decision {
  readonly kind: Change["kind"];
  readonly name: string;
  /** Left out where the base has no such thing. */
  readonly base?: Side;
  /** For each variant: its side; `same` where it is as in the base, `gone` where the variant has no such thing. */
  readonly variants: readonly (Side | "same" | "gone")[];
}

export interface MatrixQuantity {
  readonly name: string;
  readonly unit: Quantity["unit"];
  readonly base: number;
  /** For each variant. */
  readonly variants: readonly number[];
}

/** @param diffs of the base and each variant. */
export function matrixOf(base: string, diffs: readonly Diff[]): Matrix {
  return {
    base,
    variants: diffs.map(({ after, verdict, variables }) => ({ name: after, level: verdict.level, loads: verdict.loads.length, weights: verdict.loads.length + verdict.gone.length, variables })),
    decisions: [...decisionsIn(diffs.map(({ changes }) => changes)), ...decisionsIn(diffs.map(({ recipe }) => recipe))],
    quantities: (diffs[0]?.quantities ?? []).flatMap(({ name, unit, before }) => {
      const values = diffs.map(({ quantities }) => quantities.find((own) => own.name === name)?.after);
      return values.some((value) => value === undefined) ? [] : [{ name, unit, base: before, variants: values as number[] }];
    }),
  };
}

/** A decision is known by its name. */
function decisionsIn(changes: readonly (readonly Change[])[]): Decision[] {
  const key = ({ kind, name }: Change) => `${kind} ${name}`;
  const all = new Map(changes.flat().map((change) => [key(change), change]));
  return [...all.values()].map((first) => {
    const own = changes.map((list) => list.find((change) => key(change) === key(first)));
    const base = own.find((change) => change?.before !== undefined)?.before;
    return { kind: first.kind, name: first.name, ...(base && { base }), variants: own.map((change) => (change === undefined ? "same" : (change.after ?? "gone"))) };
  });
}
