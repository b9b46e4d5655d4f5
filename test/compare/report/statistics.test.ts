/** Means, deviations and bootstrap intervals, against NumPy and SciPy, and what the intervals are used for. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { marksOf } from "../../../src/compare/ablation/report/best.js";
import { Bootstrap } from "../../../src/compare/ablation/report/bootstrap.js";
import { pairedDifference } from "../../../src/compare/ablation/report/paired.js";
import { deviationOf, meanOf, quantile } from "../../../src/compare/ablation/report/statistics.js";

type Ends = readonly [low: readonly [number, number], high: readonly [number, number]];

interface Fixture {
  readonly single: readonly { readonly values: number[]; readonly mean: number; readonly deviation: number; readonly ends: Ends }[];
  readonly grouped: readonly { readonly groups: number[][]; readonly ends: Ends }[];
}

const fixture = JSON.parse(readFileSync(new URL("bootstrap.json", import.meta.url), "utf8")) as Fixture;
const bootstrap = new Bootstrap("test");

/** @param ends between what each end must lie, given that 10,000 resamples are a sample themselves. */
function expectInterval(own: readonly [number, number] | undefined, ends: Ends): void {
  for (const end of [0, 1] as const) {
    expect(own![end]).toBeGreaterThan(ends[end][0] - 1e-9);
    expect(own![end]).toBeLessThan(ends[end][1] + 1e-9);
  }
}

describe.each(fixture.single)("$values.length values", ({ values, mean, deviation, ends }) => {
  test("have NumPy's mean and sample deviation", () => {
    expect(meanOf(values)).toBeCloseTo(mean, 12);
    expect(deviationOf(values)).toBeCloseTo(deviation, 12);
  });

  test("have SciPy's percentile interval", () => {
    expectInterval(bootstrap.interval(values.map((value) => [value])), ends);
  });
});

test.each(fixture.grouped)("groups of unequal sizes have the interval of all possible draws", ({ groups, ends }) => {
  expectInterval(bootstrap.interval(groups), ends);
});

test("of two or three seeds the interval is from the lowest to the highest difference, as the reports say", () => {
  for (const values of [[0.25, -1.5], [2, 0.5, 7]]) {
    const interval = bootstrap.interval(values.map((value) => [value]))!;
    expect(interval[0]).toBeCloseTo(Math.min(...values), 12);
    expect(interval[1]).toBeCloseTo(Math.max(...values), 12);
  }
  expect(bootstrap.interval([[1]])).toBeUndefined();
});

test("draws depend on the name and nothing else", () => {
  const values = fixture.single[4]!.values.map((value) => [value]);
  expect(new Bootstrap("one").interval(values)).toEqual(new Bootstrap("one").interval(values));
  expect(new Bootstrap("one").interval(values)).not.toEqual(new Bootstrap("other").interval(values));
});

test("a quantile lies between its neighbours, linearly", () => {
  expect([0, 0.1, 0.5, 1].map((part) => quantile([1, 2, 4], part))).toEqual([1, 1.2, 2, 4]);
});

test("a difference is of common seeds only, and shifts with the values", () => {
  const values = fc.array(fc.option(fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(values, values, (one, other) => {
      const { count, mean, higher, lower } = pairedDifference(one, other, undefined, bootstrap);
      const pairs = one.flatMap((value, i) => (value === null || other[i] === null ? [] : [value - other[i]!]));
      expect(count).toBe(pairs.length);
      if (count > 0) expect(mean).toBeCloseTo(meanOf(pairs), 12);
      const back = pairedDifference(other, one, undefined, bootstrap);
      expect([back.higher, back.lower]).toEqual([lower, higher]);
    }),
    { numRuns: 30 },
  );
});

test("verdicts follow what is best, and an interval that holds 0 is unclear", () => {
  const zeros = [0, 0, 0];
  const verdict = (values: number[], best?: "highest" | "lowest") => pairedDifference(values, zeros, best, bootstrap).verdict;
  expect([verdict([1, 2, 3], "highest"), verdict([1, 2, 3], "lowest"), verdict([1, 2, 3])]).toEqual(["better", "worse", "higher"]);
  expect([verdict([-1, -2, -3], "highest"), verdict([-1, -2, -3], "lowest"), verdict([-1, -2, -3])]).toEqual(["worse", "better", "lower"]);
  expect([verdict([-1, 2, 3], "highest"), verdict(zeros, "highest")]).toEqual(["unclear", "unclear"]);
  expect(pairedDifference([1], [0], "highest", bootstrap).verdict).toBeNull();
});

test("the best mean is marked, with what cannot be told from it, but not what has lost seeds", () => {
  const columns = [[0.9, 0.8, 0.85], [0.95, 0.9, 0.92], [0.96, 0.87, 0.91], [0.99, null, null], [null, null, null]];
  expect(marksOf(columns, "highest", bootstrap)).toEqual([null, "best", "tied", null, null]);
  expect(marksOf(columns, "lowest", bootstrap)).toEqual(["best", null, null, null, null]);
  expect(marksOf(columns, undefined, bootstrap)).toEqual([null, null, null, null, null]);
  expect(marksOf([[1], [1], [0.5]], "highest", bootstrap)).toEqual(["best", "best", null]);
  expect(marksOf([[null], [null]], "highest", bootstrap)).toEqual([null, null]);
});
