/** Paths of repeated parts written once: `encoder.0..11.attention`. */

export interface Folded<T> {
  /** With the numbers of all repetitions: `encoder.1..11.mlp.before`. */
  readonly path: string;
  /** In order, each of them with the same path but for the numbers. */
  readonly items: readonly T[];
}

/** Joins items whose paths differ in numbers alone and whose keys are equal, in the order of the first of them. */
export function folded<T>(items: readonly T[], pathOf: (item: T) => string, keyOf: (item: T) => string = () => ""): readonly Folded<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${pathOf(item).split(".").map((segment) => (isNumber(segment) ? "#" : segment)).join(".")}\n${keyOf(item)}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].flatMap((alike) => {
    const path = joined(alike.map(pathOf));
    return path === undefined ? alike.map((item) => ({ path: pathOf(item), items: [item] })) : [{ path, items: alike }];
  });
}

/** One path for several; undefined where the numbers at two places do not go through all their pairs. */
function joined(paths: readonly string[]): string | undefined {
  const segments = paths.map((path) => path.split("."));
  const numbers = segments[0]!.map((own, i) => (isNumber(own) ? [...new Set(segments.map((path) => Number(path[i])))] : undefined));
  const combinations = numbers.reduce((product, own) => product * (own?.length ?? 1), 1);
  if (combinations !== new Set(paths).size) return undefined;
  return segments[0]!.map((own, i) => (numbers[i] === undefined ? own : rangesText(numbers[i]))).join(".");
}

/** `0`, `0..11`, `0,2..5`. */
export function rangesText(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`)).join(",");
}

export function isNumber(segment: string): boolean {
  return /^\d+$/.test(segment);
}

/** Whether `path` is `part`, or stands in it. */
export function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}.`);
}
