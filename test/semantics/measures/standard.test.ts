/** The standard library's measures on tensors whose measures are known. */

import { describe, expect, test } from "vitest";
import { keyOf, normals } from "../../../src/random/threefry.js";
import { ofTensors } from "./harness.js";

const gaussian = (rows: number, columns: number, seed = 1) => {
  const values = normals(keyOf(seed, "measures", 0), rows * columns, new Float64Array(rows * columns));
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
};
const identity = (n: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
const number = async (measure: string, x: readonly (readonly number[])[], y?: readonly (readonly number[])[]) => Object.values(await ofTensors([measure], x, y))[0] as number;

describe("uniformity", () => {
  test("of equal vectors is 0", async () => {
    expect(await number("uniformity(x)", [[1, 2], [1, 2], [2, 4]])).toBeCloseTo(0, 12);
  });
  test("of four points on the axes of the plane", async () => {
    expect(await number("uniformity(x)", [[1, 0], [0, 3], [-2, 0], [0, -1]])).toBeCloseTo(Math.log((2 * Math.exp(-4) + Math.exp(-8)) / 3), 12);
    expect(await number("uniformity(x)", [[1, 0], [0, 3], [-2, 0], [0, -1]])).toBeCloseTo(-4.3963, 4);
  });
  // -2t + ln 0F1(; d/2; t^2) at t = 2: the value of the uniform distribution on the sphere.
  test.each([[8, -3.0825, 0.03], [64, -3.8752, 0.005]])("of directions at random in %d dimensions", async (d, value, within) => {
    expect(Math.abs((await number("uniformity(x)", gaussian(1024, d))) - value)).toBeLessThan(within);
  });
});

test("alignment is the mean square of the distance of unit vectors, or another power of the distance", async () => {
  const [x, y] = [[[3, 0], [0, 1]], [[0, 2], [0, 5]]];
  expect(await number("alignment(x, y)", x, y)).toBeCloseTo(1, 12);
  expect(await number("alignment(x, y, power: 1)", x, y)).toBeCloseTo(Math.SQRT2 / 2, 12);
});

describe("the spectrum", () => {
  test("of a matrix with known singular values", async () => {
    // Rotations of diag(3, 1) and a row of zeros.
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const x = [[3 * c, -3 * s], [s, c], [0, 0]];
    const { "spectrum(x)": spectrum } = await ofTensors(["spectrum(x)"], x);
    (spectrum as number[]).forEach((value, i) => expect(value).toBeCloseTo(Math.log([3, 1][i]!), 6));
  });
  test("after the mean is taken away", async () => {
    const [plain, centred] = Object.values(await ofTensors(["spectrum(x)", "spectrum(x, centred: true)"], [[5, 1], [5, -1], [5, 1], [5, -1]])) as number[][];
    expect(plain!.map(Math.exp)).toEqual([10, 2].map((value) => expect.closeTo(value, 10)));
    expect(Math.exp(centred![0]!)).toBeCloseTo(2, 10);
    expect(centred![1]).toBeNull();
  });
  test("is finite for more features than examples, and for values far apart", async () => {
    const x = [[1, 0, 0, 0], [0, 1e-7, 0, 0], [0, 0, 1e5, 0]];
    const { "spectrum(x)": spectrum } = await ofTensors(["spectrum(x)"], x);
    expect((spectrum as number[]).map((value) => Math.exp(value))).toEqual([expect.closeTo(1e5, 6), expect.closeTo(1, 12), expect.closeTo(1e-7, 14)]);
  });
});

describe("ranks", () => {
  test("RankMe of the identity, and of five of sixteen directions, with the leak of its eps", async () => {
    expect(await number("rank_me(x)", identity(16))).toBeCloseTo(16.000045, 6);
    expect(await number("rank_me(x)", identity(16).map((row, i) => (i < 5 ? row : row.map(() => 0))))).toBeCloseTo(5.00009, 5);
  });
  test("RankMe of normal features", async () => {
    expect(await number("rank_me(x)", gaussian(2048, 64))).toBeCloseTo(63.75, 1);
  });
  test("of two directions, one twice as strong as the other", async () => {
    const x = [[2, 0, 0], [0, 1, 0], [0, 0, 0]];
    const [p, q] = [2 / 3, 1 / 3];
    expect(await number("effective_rank(x)", x)).toBeCloseTo(Math.exp(-p * Math.log(p) - q * Math.log(q)), 12);
    expect(await number("stable_rank(x)", x)).toBeCloseTo(5 / 4, 12);
    expect(await number("participation_ratio(x, centred: false)", x)).toBeCloseTo(25 / 17, 12);
  });
});

describe("cosines", () => {
  const x = [[1, 0], [0, 2], [3, 3]];
  test("anisotropy is their mean over different examples", async () => {
    expect(await number("anisotropy(x)", x)).toBeCloseTo((0 + 2 * Math.SQRT1_2) / 3, 12);
    expect(await number("cosine_similarity(x)", x)).toBeCloseTo((0 + 2 * Math.SQRT1_2) / 3, 12);
  });
  test("a common mean shows in the plain one alone: r^2 / (1 + r^2) for a mean of r deviations", async () => {
    const shifted = gaussian(512, 64).map((row) => row.map((value) => value + 1));
    const [plain, centred] = Object.values(await ofTensors(["anisotropy(x)", "anisotropy(x, centred: true)"], shifted)) as number[];
    expect(plain).toBeCloseTo(0.5, 2);
    expect(centred).toBeCloseTo(-1 / 511, 3);
  });
  test("the stable rank of their matrix", async () => {
    expect(await number("gram_stable_rank(x)", identity(4))).toBeCloseTo(4, 12);
    expect(await number("gram_stable_rank(x)", [[1, 2], [2, 4], [3, 6]])).toBeCloseTo(1, 12);
    // The matrix [[1, c], [c, 1]] has the eigenvalues 1 + c and 1 - c.
    expect(await number("gram_stable_rank(x)", [[1, 0], [3, 3]])).toBeCloseTo(2 / (1 + Math.SQRT1_2), 12);
  });
});

test("the variance of activations is each feature's own", async () => {
  expect(await number("activation_variance(x)", [[1, 10], [3, 10]])).toBeCloseTo(0.5, 12);
  expect(await number("mean_square(x)", [[1, 10], [3, 10]])).toBeCloseTo(52.5, 12);
});
