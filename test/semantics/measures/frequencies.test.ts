/** Images without their high or low frequencies. */

import { describe, expect, test } from "vitest";
import { runLayer } from "../../oracle/harness.js";
import { Draw, tensor } from "../numerics/draw.js";

const draw = new Draw("frequencies");
type Image = ReturnType<typeof tensor>;
const part = (which: "low_pass" | "high_pass", x: Image, radius: number) => [...runLayer(`layer main(x) { return ${which}(x, ${radius}) }`, { inputs: { x } }).output.data];
const energy = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);
const square = (n: number, values: ArrayLike<number>) => tensor({ row: n, column: n }, Array.from(values));

// How many frequencies the mask keeps: what is left of an impulse, at its own place, is their share.
test.each([
  [32, 4, 45], [32, 8, 193], [32, 12, 437], [32, 16, 793], [32, 20, 995], [32, 24, 1024],
  [28, 4, 45], [28, 8, 193], [28, 12, 437], [28, 16, 719], [28, 20, 784],
])("on %d by %d pixels, radius %d keeps %d frequencies", (n, radius, count) => {
  const impulse = new Float64Array(n * n);
  impulse[3 * n + 5] = 1;
  expect(part("low_pass", square(n, impulse), radius)[3 * n + 5]! * n * n).toBeCloseTo(count, 9);
});

describe("an image at random", () => {
  const x = draw.normal({ batch: 1, row: 28, column: 28, channel: 1 });
  const [low, high] = [part("low_pass", x, 8), part("high_pass", x, 8)];

  test("is the sum of its parts, whose energies add up", () => {
    low.forEach((value, i) => expect(value + high[i]!).toBeCloseTo(x.data[i]!, 13));
    expect(energy(low) + energy(high)).toBeCloseTo(energy([...x.data]), 9);
    expect(energy(low)).toBeGreaterThan(1);
  });
  test("has its mean in the low part", () => {
    expect(high.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 11);
  });
  test("has nothing above the highest frequency", () => {
    expect(energy(part("high_pass", x, 24))).toBeCloseTo(0, 20);
  });
});

test("a wave passes, or does not, by how fast it is", () => {
  const n = 16;
  const wave = (rows: number, columns: number) => square(n, Float64Array.from({ length: n * n }, (_, i) => Math.cos((2 * Math.PI * (rows * Math.floor(i / n) + columns * (i % n))) / n + 0.7)));
  const slow = wave(3, -4);
  // sqrt(3^2 + 4^2) is 5, and the mask is strict.
  part("low_pass", slow, 5.01).forEach((value, i) => expect(value).toBeCloseTo(slow.data[i]!, 12));
  expect(energy(part("low_pass", slow, 5))).toBeCloseTo(0, 20);
});

test("images of odd and of unequal sides have parts too", () => {
  const x = draw.normal({ row: 7, column: 10 });
  const low = part("low_pass", x, 2.5);
  expect(energy(low)).toBeLessThan(energy([...x.data]));
  // What is low stays as it is.
  part("low_pass", tensor({ row: 7, column: 10 }, low), 2.5).forEach((value, i) => expect(value).toBeCloseTo(low[i]!, 12));
});
