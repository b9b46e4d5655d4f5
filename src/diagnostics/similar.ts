/** Names close to a misspelled one. */

import type { DiagnosticDetails, Place } from "./diagnostic.js";

/** The Damerau-Levenshtein distance with adjacent transpositions; a change of case alone costs one. */
function distance(a: string, b: string): number {
  if (a.toLowerCase() === b.toLowerCase()) return a === b ? 0 : 1;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** Up to three of `names` that `name` may have meant, closest first. */
export function similarNames(name: string, names: Iterable<string>): readonly string[] {
  if (name.length > 64) return [];
  const threshold = Math.floor(name.length * 0.4) + 1;
  return [...new Set(names)]
    .filter((candidate) => Math.abs(candidate.length - name.length) <= threshold)
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .filter(({ away }) => away <= threshold)
    .sort((a, b) => a.away - b.away || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `a similar name exists: `layer`` for a `help` line, or undefined. */
export function similarHelp(name: string, names: Iterable<string>): string | undefined {
  const similar = similarNames(name, names);
  if (similar.length === 0) return undefined;
  return `${similar.length === 1 ? "a similar name exists" : "similar names exist"}: ${similar.map((word) => `\`${word}\``).join(", ")}`;
}

/** A `help` line with the similar names, and for each the fix that puts it in the place of the name; nothing when there is none. */
export function similarDetails(name: string, names: Iterable<string>, place: Place): Pick<DiagnosticDetails, "help" | "fixes"> {
  const known = [...names];
  const help = similarHelp(name, known);
  if (help === undefined) return {};
  return { help, fixes: similarNames(name, known).map((other) => ({ title: `replace \`${name}\` by \`${other}\``, edits: [{ place, text: other }] })) };
}
