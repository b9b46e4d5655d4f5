/** Main effects, on results whose truth is known. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Results } from "../../../src/compare/ablation/results.js";
import { axesOf } from "../../../src/compare/ablation/report/order.js";
import { summarise } from "../../../src/compare/ablation/report/summary.js";
import { sampleFactors, sampleReports, sampleResults, waiting } from "./sample.js";

/** What each choice adds; seeds add something as well. */
const worth: Readonly<Record<string, number>> = { layer: 0, batch: 2, rms: -1, "layer(eps: 1e-6)": 0, pre: 0, post: 4, sandwich: 16 };

/** Results in which the choices' worths add up, with `together` more where the class token has batch norm with post-norm. */
function additive(exists: (choices: readonly string[]) => boolean, isThere: (cell: number) => boolean = () => true, together = 0): Results {
  let cell = 0;
  const results = sampleResults({
    epochs: 1,
    steps: 1,
    exists,
    change: (own, choices) => {
      const value = choices.reduce((sum, choice) => sum + worth[choice]!, own.seed / 100) + (choices[0] === "batch" && choices[2] === "post" ? together : 0);
      return isThere(cell++) ? { ...own, values: { "measured.accuracy": value } } : waiting(own);
    },
  });
  return { ...results, reports: sampleReports.slice(0, 1) };
}

test("are exact in additive results, whatever is excluded and whatever cells are missing", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 18, maxLength: 18 }), fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 54, maxLength: 54 }), (keeps, luck) => {
      let combination = 0;
      // The first, the base, stays.
      const results = additive(() => combination++ === 0 || keeps[combination - 1]!, (cell) => luck[cell]! > 0);
      for (const { axis, choices } of summarise(results).columns[0]!.effects) {
        if (axis.factors.length > 1) continue;
        for (const { choice, difference, range, interval } of choices) {
          if (difference === null) continue;
          const expected = worth[choice]! - worth[axis.choices.includes("pre") ? "pre" : "layer"]!;
          for (const number of [difference, ...range!, ...(interval ?? [])]) expect(number).toBeCloseTo(expected, 9);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("of a full factorial ablation are differences of plain means over all runs", () => {
  const { effects } = summarise(additive(() => true)).columns[0]!;
  expect(effects.map(({ axis, isBalanced, combinations, allCombinations }) => [axis.label, isBalanced, combinations, allCombinations])).toEqual([
    ["cls", true, 6, 6],
    ["tokens", true, 9, 9],
    ["place", true, 6, 6],
  ]);
  expect(effects[2]!.choices.map(({ choice, runs, difference, isBase }) => [choice, runs, difference === null ? null : Math.round(difference), isBase])).toEqual([
    ["pre", 18, null, true],
    ["post", 18, 4, false],
    ["sandwich", 18, 16, false],
  ]);
});

test("say over how many combinations they are when some are excluded", () => {
  const { effects } = summarise(additive((choices) => !(choices[1] === "batch" && choices[2] === "post"))).columns[0]!;
  expect(effects.map(({ axis, combinations, allCombinations }) => [axis.label, combinations, allCombinations])).toEqual([
    ["cls", 5, 5],
    ["tokens", 6, 9],
    ["place", 3, 6],
  ]);
});

test("show an interaction as a span", () => {
  const { effects } = summarise(additive(() => true, undefined, -6)).columns[0]!;
  const batch = effects[0]!.choices.find(({ choice }) => choice === "batch")!;
  expect(batch.range!.map(Math.round)).toEqual([-4, 2]);
  expect(batch.difference).toBeCloseTo(0, 9);
});

test("are not compared where no combination has every choice", () => {
  const { effects } = summarise(additive(([cls, tokens, place]) => tokens !== "batch" && !(cls === "rms" && place === "pre") && !(cls === "batch" && place === "sandwich") && !(cls === "layer" && place === "post"))).columns[0]!;
  expect(effects.every(({ isBalanced, choices }) => !isBalanced && choices.every(({ difference, mean }) => difference === null && mean !== null))).toBe(true);
});

test("factors that vary together are one axis", () => {
  const depth = { path: "depth", label: "depth", choices: ["2", "1"] };
  const results = sampleResults({ epochs: 1, steps: 1, factors: [...sampleFactors, depth], exists: (choices) => (choices[2] === "pre") === (choices[3] === "2") });
  expect(axesOf(results).map(({ label, choices }) => [label, choices])).toEqual([
    ["cls", ["layer", "batch", "rms"]],
    ["tokens", ["layer(eps: 1e-6)", "batch"]],
    ["place, depth", ["pre, 2", "post, 1", "sandwich, 1"]],
  ]);
});
