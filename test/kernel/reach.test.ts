/** Sets of bytes against lists of them. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { at, constant, plus, quotient, times, variable } from "../../src/kernel/coordinate.js";
import { type Reach, areDisjoint, bytesIn, endOf, isInjective, reachOf } from "../../src/kernel/reach.js";

interface Loops {
  readonly start: number;
  readonly steps: readonly { readonly stride: number; readonly extent: number }[];
}

/** Affine addresses of up to three loops, of which some meet themselves. */
const addresses = fc.record({
  start: fc.nat(20),
  steps: fc.array(fc.record({ stride: fc.integer({ min: 1, max: 24 }), extent: fc.integer({ min: 1, max: 4 }) }), { maxLength: 3 }),
});

function reach({ start, steps }: Loops, width = 1): Reach {
  return reachOf(plus(constant(start), ...steps.map(({ stride, extent }) => times(at(variable("i", extent)), stride))), width, 0)!;
}

/** All bytes, as often as they are reached. */
function listed({ start, steps }: Loops, width = 1): readonly number[] {
  const elements = steps.reduce((sums, { stride, extent }) => sums.flatMap((sum) => Array.from({ length: extent }, (_, i) => sum + i * stride)), [start]);
  return elements.flatMap((element) => Array.from({ length: width }, (_, byte) => element * width + byte));
}

test("what is said to be injective is, and is counted right", () => {
  let count = 0;
  fc.assert(fc.property(addresses, fc.constantFrom(1, 2, 4), (loops, width) => {
    const [own, bytes] = [reach(loops, width), listed(loops, width)];
    expect(own.start).toBe(Math.min(...bytes));
    expect(endOf(own)).toBe(Math.max(...bytes) + 1);
    if (!isInjective(own)) return;
    count++;
    expect(new Set(bytes).size).toBe(bytes.length);
    expect(bytesIn(own)).toBe(bytes.length);
  }), { numRuns: 2000, seed: 20261121 });
  expect(count).toBeGreaterThan(500);
});

test("what is said to be disjoint is", () => {
  let count = 0;
  fc.assert(fc.property(addresses, addresses, (left, right) => {
    if (!areDisjoint(reach(left), reach(right))) return;
    count++;
    expect(new Set([...listed(left), ...listed(right)]).size).toBe(new Set(listed(left)).size + new Set(listed(right)).size);
  }), { numRuns: 5000, seed: 20261121 });
  expect(count).toBeGreaterThan(500);
});

test("the parts of a joined tensor are seen to be disjoint and to fill it, wherever it lies", () => {
  const shapes = fc.record({
    outer: fc.integer({ min: 1, max: 4 }),
    extents: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
    inner: fc.integer({ min: 1, max: 4 }),
    offset: fc.nat(100).map((n) => 256 * n),
  });
  fc.assert(fc.property(shapes, ({ outer, extents, inner, offset }) => {
    const joined = extents.reduce((sum, extent) => sum + extent, 0);
    let start = 0;
    const parts = extents.map((extent) => {
      const [i, j, k] = [variable("i", outer), variable("j", extent), variable("k", inner)];
      const address = plus(constant(start * inner), times(at(i), joined * inner), times(at(j), inner), at(k));
      start += extent;
      return reachOf(address, 4, offset)!;
    });
    parts.forEach((part, i) => parts.slice(0, i).forEach((other) => expect(areDisjoint(part, other)).toBe(true)));
    expect(parts.every(isInjective)).toBe(true);
    expect(parts.reduce((sum, part) => sum + bytesIn(part), 0)).toBe(4 * outer * joined * inner);
  }), { numRuns: 1000, seed: 20261121 });
});

test("an address may run backwards", () => {
  const loop = variable("i", 5);
  expect(reachOf(plus(constant(4), times(at(loop), -1)), 4, 256)).toEqual(reachOf(at(loop), 4, 256));
});

test("an address that is not affine has no reach", () => {
  expect(reachOf(quotient(at(variable("i", 5)), 2), 4, 0)).toBeUndefined();
});
