/** Folding what is the same many times, as the repetitions of a stack are. */

/** Items by a key, in the order in which the keys come first. */
export function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** `0–5, 7` of whole numbers. */
export function ranges(numbers: Iterable<number>): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const number of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

/** Paths that differ only in one number become one, such as `encoder.0–11.attention.before`. The order of first members stays. */
export function foldedPaths(paths: Iterable<string>): string[] {
  const split = [...new Set(paths)].map((path) => {
    const segments = path.split(".");
    const at = segments.findIndex((segment) => /^\d+$/.test(segment));
    return { head: segments.slice(0, at < 0 ? segments.length : at).join("."), tail: at < 0 ? "" : segments.slice(at + 1).join("."), number: at < 0 ? undefined : Number(segments[at]) };
  });
  return [...grouped(split, ({ head, tail, number }) => `${head}|${tail}|${number === undefined}`).values()].map((alike) => {
    const { head, tail, number } = alike[0]!;
    if (number === undefined) return head;
    return [head, ranges(alike.map((one) => one.number!)), tail].filter((part) => part !== "").join(".");
  });
}
