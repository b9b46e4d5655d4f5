/** Learning curves. */

import { expect, test } from "vitest";
import { curvesOf } from "../../../src/compare/ablation/report/curves.js";
import { failed, sampleResults } from "./sample.js";

/** Only the base. */
const exists = (choices: readonly string[]) => choices.join(" ") === "layer layer(eps: 1e-6) pre";

test("are the training loss, what is held out, and the measures that are reported, of every configuration", () => {
  const curves = curvesOf(sampleResults());
  expect(curves.map(({ title }) => title)).toEqual(["training loss", "loss on held-out examples", "accuracy on held-out examples", "uniformity"]);
  expect(curves.every(({ lines }) => lines.length === 15)).toBe(true);
});

test("go through the means over seeds, between the lowest and the highest", () => {
  const results = sampleResults({ exists });
  const { steps, lines: [line] } = curvesOf(results)[2]!;
  expect(steps).toEqual([50, 100, 150, 200]);
  const atEnd = results.configurations[0]!.cells.map(({ metrics }) => metrics["measured"]!.flatMap((own) => ("held_out" in own && typeof own.held_out === "object" ? [own.held_out["accuracy"]!] : [])).at(-1)!);
  expect(line!.mean.at(-1)).toBeCloseTo(atEnd.reduce((sum, value) => sum + value, 0) / 3, 4);
  expect([line!.low!.at(-1), line!.high!.at(-1)].map((value) => value!.toFixed(4))).toEqual([Math.min(...atEnd), Math.max(...atEnd)].map((value) => value.toFixed(4)));
});

test("are thinned to means over stretches of steps, which keep the mean of all", () => {
  const results = sampleResults({ seeds: [7], steps: 100, exists });
  const { steps, isThinned, lines: [line] } = curvesOf(results)[0]!;
  expect([steps.length, steps.at(-1), isThinned]).toEqual([100, 400, true]);
  const losses = results.configurations[0]!.cells[0]!.metrics["measured"]!.flatMap((own) => ("loss" in own && typeof own.loss === "number" ? [own.loss] : []));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(line!.mean as number[])).toBeCloseTo(mean(losses), 4);
});

test("runs that did not finish have lines of their own, which end where they ended", () => {
  const lines = curvesOf(sampleResults({ change: (cell, [cls]) => (cls === "rms" && cell.seed === 8 ? failed(cell, "NaN") : cell) }))[0]!.lines;
  const without = curvesOf(sampleResults({ seeds: [7, 9] }))[0]!.lines;
  expect(lines.filter(({ row, stopped }) => row > 10 && stopped === null)).toEqual(without.filter(({ row }) => row > 10));
  const stopped = lines.filter((line) => line.stopped !== null);
  expect(stopped).toHaveLength(5);
  for (const line of stopped) expect([line.stopped, line.low, line.mean.at(-1), typeof line.mean[0]]).toEqual([8, null, null, "number"]);
});
