/** Carrying what is known of a text over to the text after some typing, so that answers need not wait for the compiler. */

import type { Analysis, Spot } from "./analysis.js";

/** Where a part of the old text is in the new one; undefined where it was changed. */
type Move = (spot: Spot) => Spot | undefined;

/** The analysis of `before` for the text `after` of the same file; what stood where the text changed is left out. */
export function carried(analysis: Analysis, file: string, before: string, after: string): Analysis {
  if (before === after) return analysis;
  const move = moveBetween(file, before, after);
  const all = <T extends { readonly at: Spot }>(items: readonly T[]): T[] =>
    items.flatMap((item) => {
      const at = move(item.at);
      return at === undefined ? [] : [{ ...item, at }];
    });
  return {
    hasErrors: analysis.hasErrors,
    values: all(analysis.values),
    landings: all(analysis.landings),
    policies: all(analysis.policies),
    definitions: all(analysis.definitions),
    diagnostics: all(analysis.diagnostics).map((found) => ({
      ...found,
      related: all(found.related),
      fixes: found.fixes.map((fix) => ({ ...fix, edits: all(fix.edits) })).filter((fix, i) => fix.edits.length === found.fixes[i]!.edits.length),
    })),
  };
}

function moveBetween(file: string, before: string, after: string): Move {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < shorter - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  const changedTo = before.length - tail;
  const by = after.length - before.length;
  return (spot) => {
    if (spot.file !== file || spot.end <= head) return spot;
    if (spot.start >= changedTo) return { ...spot, start: spot.start + by, end: spot.end + by };
    // The change is inside.
    return spot.start <= head && spot.end >= changedTo ? { ...spot, end: spot.end + by } : undefined;
  };
}
