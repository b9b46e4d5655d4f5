/** How far numbers in float32 are from those that are expected. */

/** The smallest normal number of float32: devices may take smaller ones for 0. */
export const smallest = 2 ** -126;

/** What may lie between a result and the exact value, for one element: so many units in the last place of that, and so much. */
export interface Tolerance {
  readonly ulps?: number;
  readonly absolute?: number;
}

/** The distance of neighbouring float32 numbers at `x`, from the smallest normal number on. */
export function unitInTheLastPlace(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), smallest))) - 23);
}

/** Whether a float32 result is as good as it has to be: NaN and infinities are the same, and finite numbers are close. */
export function isClose(found: number, expected: number, { ulps = 0, absolute = 0 }: Tolerance): boolean {
  const rounded = Math.fround(expected);
  if (Number.isNaN(rounded)) return Number.isNaN(found);
  if (!Number.isFinite(rounded)) return found === rounded;
  if (found === rounded) return true;
  const flushed = Math.abs(rounded) < smallest ? smallest : 0;
  return Math.abs(found - expected) <= ulps * unitInTheLastPlace(expected) + absolute + flushed;
}

/** The first elements that are not close, in words; empty when all are. */
export function mistakes(name: string, found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): readonly string[] {
  if (found.length !== expected.length) return [`${name} has ${found.length} elements, not ${expected.length}`];
  const result: string[] = [];
  for (let i = 0; i < expected.length && result.length < 5; i++) {
    if (!isClose(found[i]!, expected[i]!, tolerance)) result.push(`${name}[${i}] is ${found[i]}, not ${Math.fround(expected[i]!)}`);
  }
  return result;
}
