/** What a diff is made of: plain data, from which every form of it is printed. */

import type { Place } from "../../diagnostics/diagnostic.js";

/** One decision of a spec that differs, as its author would name it. */
export interface Change {
  readonly kind: "policy" | "placement" | "sublayer" | "parameter" | "statement" | "definition" | "recipe";
  /** `encoder.normalize.cls`, `dim`, `schedule`. */
  readonly name: string;
  /** Left out when there is no such thing on that side. */
  readonly before?: Side;
  readonly after?: Side;
}

/** A decision on one side: its text, and where it stands. */
export interface Side {
  /** Of a definition with several lines that differ, these lines. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function side(text: string, { source, start }: Place): Side {
  return { text, file: source.path, ...source.position(start) };
}

/** The text of a place on one line, as it is written. */
export function textAt({ source, start, end }: Place, limit = 120): string {
  const text = source.text.slice(start, end).replace(/\/\/[^\n\r]*/g, "").replace(/\s+/g, " ").replace(/([([{]) (?=\S)/g, (all, open: string) => (open === "{" ? all : open)).replace(/,? ([)\]])/g, "$1").trim();
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** A decision with what tells whether it is the same one on the other side. */
export interface Decision {
  readonly kind: Change["kind"];
  readonly name: string;
  readonly side: Side;
  /** What the text says. */
  readonly meaning: string;
  /**
   * What comes of it. Two decisions differ when both their texts and what comes of them do: `hidden: 4 * dim` is the same text
   * whatever `dim` is, and the same as `hidden: 256` where `dim` is 64.
   */
  readonly resolved: string;
  /** The parts of a definition, of which a change shows only those that differ. */
  readonly parts?: readonly { readonly meaning: string; readonly side: Side }[];
}

/** The changes from one list of decisions to another; those on the old side give the order, and new ones come behind. */
export function changesBetween(before: readonly Decision[], after: readonly Decision[]): Change[] {
  const key = ({ kind, name }: Decision) => `${kind} ${name}`;
  const later = new Map(after.map((decision) => [key(decision), decision]));
  const known = new Set(before.map(key));
  const changed = before.flatMap((old): Change[] => {
    const { kind, name } = old;
    const now = later.get(key(old));
    if (now === undefined) return [{ kind, name, before: old.side }];
    return old.meaning === now.meaning || old.resolved === now.resolved ? [] : [{ kind, name, before: shown(old, now), after: shown(now, old) }];
  });
  return [...changed, ...after.filter((decision) => !known.has(key(decision))).map(({ kind, name, side: own }): Change => ({ kind, name, after: own }))];
}

/** Of a definition only the parts that the other side lacks; where it lacks none, the place alone. */
function shown({ side: own, parts }: Decision, other: Decision): Side {
  if (parts === undefined) return own;
  const lacking = parts.filter(({ meaning }) => other.parts?.some((part) => part.meaning === meaning) !== true);
  return lacking.length === 0 ? { ...own, text: "the same without that" } : { ...lacking[0]!.side, text: lacking.map(({ side: { text } }) => text).join("\n") };
}
