/** Which parts of two models hold other things, when what a part holds is compared without order: as text, part by part. */

import { folded } from "../overview/paths.js";
import { grouped } from "./numbers.js";

/** Something that a part holds: operations, kernels. */
export interface Held {
  /** `encoder.0.attention.after`, the part. */
  readonly place: string;
  readonly phase: string;
  /** What it is, in text. */
  readonly signature: string;
}

export interface PartChange {
  /** Repeats folded: `encoder.0..11.mlp`. */
  readonly place: string;
  readonly phase: string;
  /** How many parts it stands for. */
  readonly count: number;
  /** What each of the parts no longer has, and what it newly has, with how often. */
  readonly removed: readonly Counted[];
  readonly added: readonly Counted[];
  /** How much of it each part keeps. */
  readonly kept: number;
}

export interface Counted {
  readonly signature: string;
  readonly count: number;
}

/** The parts that differ, in the order of A, and how many things all parts keep. */
export function multisetChanges(before: readonly Held[], after: readonly Held[]): { readonly parts: readonly PartChange[]; readonly kept: number } {
  const [old, now] = [byPart(before), byPart(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const all = keys.map((key) => {
    const [place, phase] = key.split("\n") as [string, string];
    const [left, right] = [old.get(key) ?? new Map<string, number>(), now.get(key) ?? new Map<string, number>()];
    const kept = [...left].reduce((sum, [signature, count]) => sum + Math.min(count, right.get(signature) ?? 0), 0);
    return { place, phase, removed: lacking(left, right), added: lacking(right, left), kept };
  });
  const changed = all.filter(({ removed, added }) => removed.length + added.length > 0);
  const parts = folded(changed, ({ place }) => place, ({ phase, removed, added, kept }) => JSON.stringify([phase, removed, added, kept]));
  return { parts: parts.map(({ path, items }) => ({ ...items[0]!, place: path, count: items.length })), kept: all.reduce((sum, { kept }) => sum + kept, 0) };
}

function byPart(held: readonly Held[]): Map<string, Map<string, number>> {
  const parts = new Map<string, Map<string, number>>();
  for (const { place, phase, signature } of held) {
    const key = `${place}\n${phase}`;
    const part = parts.get(key) ?? new Map<string, number>();
    part.set(signature, (part.get(signature) ?? 0) + 1);
    parts.set(key, part);
  }
  return parts;
}

function lacking(own: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): Counted[] {
  return [...own].flatMap(([signature, count]) => {
    const more = count - (other.get(signature) ?? 0);
    return more > 0 ? [{ signature, count: more }] : [];
  });
}

/** The parts that differ as lines of text. @param one what is compared, `operation`. */
export function multisetText(title: string, one: string, { parts, kept }: ReturnType<typeof multisetChanges>): string[] {
  const things = (count: number) => `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
  const lines = (sign: string, list: readonly Counted[]) => list.map(({ signature, count }) => `      ${sign} ${count > 1 ? `${count}× ` : ""}${signature}`);
  return [
    "",
    title,
    ...parts.flatMap((part) => [
      `  ${part.place === "" ? "the model" : part.place}, ${part.phase}${part.count > 1 ? `, in each of ${part.count} parts` : ""}${part.kept > 0 ? `: ${things(part.kept)} unchanged` : ""}`,
      ...lines("-", part.removed),
      ...lines("+", part.added),
    ]),
    `  ${things(kept)} unchanged in all`,
  ];
}
