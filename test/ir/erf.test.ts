import { expect, test } from "vitest";
import { erf } from "../../src/ir/ops/erf.js";

// To 16 digits; table 7.1 of Abramowitz and Stegun has the first ten of most.
test.each([
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.5, 0.9995930479825550],
  [2.75, 0.9998993780778803],
  [3.25, 0.9999956972205363],
  [5, 0.9999999999984626],
  [3, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4, 0.9999999845827421],
  [6.1, 1],
  [Infinity, 1],
])("erf(%d) is %d", (x, expected) => {
  expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(1e-15);
  expect(erf(-x)).toBe(-erf(x));
});

test("erf of NaN is NaN", () => {
  expect(erf(NaN)).toBeNaN();
});

test("small arguments keep their relative precision", () => {
  for (const x of [1e-300, 1e-10, 1e-5]) expect(erf(x) / x / (2 / Math.sqrt(Math.PI))).toBeCloseTo(1, 9);
});

test("the series and the fraction meet at 3, and erf grows", () => {
  for (let x = 2.9; x < 3.1; x += 0.001) {
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
    expect((erf(x + 1e-4) - erf(x - 1e-4)) / 2e-4).toBeCloseTo(slope, 10);
  }
});
