/** Which bytes a store writes: sets that loops describe, which are counted and told apart without listing them. */

import type { Coordinate } from "./coordinate.js";

interface Step {
  readonly stride: number;
  readonly extent: number;
}

/** `start + Σ stride · i`, with each i from 0 to its extent − 1. Strides fall and are above 0. */
export interface Reach {
  readonly start: number;
  readonly steps: readonly Step[];
}

/**
 * The bytes of the elements at an address, for all values of its variables.
 * @param width bytes of an element.
 * @param offset the byte where the tensor begins.
 * @returns undefined when the address is not affine.
 */
export function reachOf(address: Coordinate, width: number, offset: number): Reach | undefined {
  const steps: Step[] = [{ stride: 1, extent: width }];
  let start = offset + width * address.constant;
  for (const { atom, factor } of address.terms) {
    if (atom.kind !== "variable") return undefined;
    const { extent } = atom.variable;
    if (factor < 0) start += width * factor * (extent - 1);
    if (extent > 1) steps.push({ stride: width * Math.abs(factor), extent });
  }
  return { start, steps: joined(steps.sort((a, b) => b.stride - a.stride)) };
}

/** Steps of which one goes on where the next one ends become one. */
function joined(steps: readonly Step[]): readonly Step[] {
  const result: Step[] = [];
  for (const step of steps) {
    const last = result.at(-1);
    if (last !== undefined && last.stride === step.stride * step.extent) result[result.length - 1] = { stride: step.stride, extent: last.extent * step.extent };
    else result.push(step);
  }
  return result;
}

function span(steps: readonly Step[]): number {
  return steps.reduce((total, { stride, extent }) => total + stride * (extent - 1), 0);
}

/** The byte after the last one. */
export function endOf({ start, steps }: Reach): number {
  return start + span(steps) + 1;
}

/** How many bytes it has, when no two values of its variables give the same one. */
export function bytesIn({ steps }: Reach): number {
  return steps.reduce((product, { extent }) => product * extent, 1);
}

/** Whether no two values of its variables can give the same byte: each stride is longer than all that the smaller ones cover. */
export function isInjective({ steps }: Reach): boolean {
  return steps.every(({ stride }, i) => stride > span(steps.slice(i + 1)));
}

/** Whether two sets are known to have no byte in common. */
export function areDisjoint(left: Reach, right: Reach): boolean {
  if (endOf(left) <= right.start || endOf(right) <= left.start) return true;
  const strides = new Set([...left.steps, ...right.steps].map(({ stride }) => stride));
  for (const by of [...strides].sort((a, b) => b - a)) {
    if (by === 1) continue;
    for (const origin of [left.start, right.start]) {
      const [a, b] = [parted(left, by, origin), parted(right, by, origin)];
      // Where both are all pairs of a multiple of `by` and a rest, common bytes are pairs of common parts.
      if (a !== undefined && b !== undefined) return areDisjoint(a.whole, b.whole) || areDisjoint(a.rest, b.rest);
    }
  }
  return false;
}

/** The set as `origin + by · whole + rest`; undefined when the rest is not always below `by`. */
function parted({ start, steps }: Reach, by: number, origin: number): { whole: Reach; rest: Reach } | undefined {
  const isWhole = ({ stride }: Step) => stride % by === 0;
  const first = Math.floor((start - origin) / by);
  const rest: Reach = { start: start - origin - by * first, steps: steps.filter((step) => !isWhole(step)) };
  if (endOf(rest) > by) return undefined;
  const whole = steps.filter(isWhole).map(({ stride, extent }) => ({ stride: stride / by, extent }));
  return { whole: { start: first, steps: whole }, rest };
}
