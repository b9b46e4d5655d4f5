/** Singular values of matrices that are hard, or known. */

import { describe, expect, test } from "vitest";
import { singularValues } from "../../src/ir/ops/singular-values.js";
import { keyOf, normals } from "../../src/random/threefry.js";

/** Of a matrix given row after row. */
const of = (rows: readonly (readonly number[])[]) => {
  const [m, n] = [rows.length, rows[0]!.length];
  return [...singularValues(Float64Array.from({ length: m * n }, (_, i) => rows[i % m]![Math.floor(i / m)]!), m, n)];
};
const random = (m: number, n: number) => {
  const values = normals(keyOf(1, "matrix", m), m * n, new Float64Array(m * n));
  return Array.from({ length: m }, (_, i) => [...values.subarray(i * n, (i + 1) * n)]);
};

test("of the Hilbert matrix of 5 rows, as LAPACK has them", () => {
  const hilbert = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => 1 / (i + j + 1)));
  const expected = [1.5670506910982314, 0.20853421861101326, 0.01140749162341957, 0.0003058980401511917, 3.287928772171574e-6];
  of(hilbert).forEach((value, i) => expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(1e-11));
});

describe.each([[9, 9], [12, 8], [40, 8]])("of a random matrix of %d by %d", (m, n) => {
  const matrix = random(m, n);
  const values = of(matrix);

  test("their squares sum to the squares of the elements, and their fourth powers to those of its Gram matrix", () => {
    const gram = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => matrix.reduce((sum, row) => sum + row[i]! * row[j]!, 0)));
    const squares = (rows: readonly (readonly number[])[]) => rows.flat().reduce((sum, value) => sum + value ** 2, 0);
    expect(values.reduce((sum, value) => sum + value ** 2, 0) / squares(matrix)).toBeCloseTo(1, 13);
    expect(values.reduce((sum, value) => sum + value ** 4, 0) / squares(gram)).toBeCloseTo(1, 13);
  });
  test("they come in order", () => expect(values).toEqual(values.toSorted((a, b) => b - a)));
});

test("of columns far apart in size each is precise", () => {
  of(random(30, 3).map(([a, b, c]) => [a! * 1e-200, b! * 1e-200, c! * 1e-200])).forEach((value, i) => expect(value / 1e-200).toBeCloseTo(of(random(30, 3))[i]!, 10));
  expect(of([[1e8, 0], [0, 1e-8], [0, 0]])).toEqual([expect.closeTo(1e8, 6), expect.closeTo(1e-8, 22)]);
});

test("of what is not finite there are none, and of zeros they are zero", () => {
  expect(of([[1, NaN], [0, 1]])).toEqual([NaN, NaN]);
  expect(of([[Infinity, 1], [0, 1]])).toEqual([NaN, NaN]);
  expect(of([[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]])).toEqual([0, 0]);
});
