import { describe, expect, test } from "vitest";
import { hashText, keyOf, normals, permutation, threefry, uniforms } from "../../src/random/threefry.js";

function encrypt(counter: readonly [number, number], key: readonly [number, number]): string[] {
  const out = new Uint32Array(2);
  threefry(key, counter[0], counter[1], out);
  return [...out].map((word) => word.toString(16).padStart(8, "0"));
}

describe("threefry2x32 of 20 rounds gives the known answers of Random123", () => {
  test.each([
    { counter: [0, 0], key: [0, 0], answer: ["6b200159", "99ba4efe"] },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], answer: ["1cb996fc", "bb002be7"] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], answer: ["c4923a9c", "483df7a0"] },
  ] as const)("$answer", ({ counter, key, answer }) => {
    expect(encrypt(counter, key)).toEqual(answer);
  });
});

test("hashText is 32-bit FNV-1a", () => {
  expect(["", "a", "foobar"].map(hashText)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});

test("a key depends on the seed, the place and the step", () => {
  const keys = [keyOf(1, "a", 1), keyOf(2, "a", 1), keyOf(1, "b", 1), keyOf(1, "a", 2)];
  expect(new Set(keys.map(String)).size).toBe(4);
  expect(keyOf(1, "a", 1)).toEqual(keys[0]);
});

/** Mean, variance and fourth moment about 0. */
function moments(values: Float64Array): [number, number, number] {
  const mean = (f: (value: number) => number) => values.reduce((sum, value) => sum + f(value), 0) / values.length;
  return [mean((x) => x), mean((x) => x * x), mean((x) => x ** 4)];
}

// With a fixed key these are no random outcomes; the bounds are some five standard errors wide.
const count = 100_000;

test("uniforms are multiples of 2^-24 in [0, 1) with the moments of the uniform distribution", () => {
  const values = Float64Array.from(uniforms(keyOf(1, "test", 0), count));
  expect(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24))).toBe(true);
  const [first, second, fourth] = moments(values);
  expect(Math.abs(first - 1 / 2)).toBeLessThan(0.005);
  expect(Math.abs(second - 1 / 3)).toBeLessThan(0.005);
  expect(Math.abs(fourth - 1 / 5)).toBeLessThan(0.005);
});

test("normals are finite with the moments of the normal distribution", () => {
  const values = Float64Array.from(normals(keyOf(1, "test", 0), count));
  const [first, second, fourth] = moments(values);
  expect(values.every(Number.isFinite)).toBe(true);
  expect(Math.abs(first)).toBeLessThan(0.016);
  expect(Math.abs(second - 1)).toBeLessThan(0.025);
  expect(Math.abs(fourth - 3)).toBeLessThan(0.16);
});

test("neighbours are not correlated", () => {
  const values = Float64Array.from(normals(keyOf(3, "test", 0), count));
  const products = values.subarray(1).map((value, i) => value * values[i]!);
  expect(Math.abs(moments(products)[0])).toBeLessThan(0.016);
});

test("a draw is a function of key and index: a longer one begins as a shorter one", () => {
  const key = keyOf(5, "test", 9);
  expect(uniforms(key, 10)).toEqual(uniforms(key, 20).subarray(0, 10));
});

test("a permutation holds every index once, and another key gives another", () => {
  const order = permutation(keyOf(1, "shuffle", 0), 1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(order).not.toEqual(permutation(keyOf(1, "shuffle", 1), 1000));
  expect([...permutation(keyOf(1, "shuffle", 0), 0)]).toEqual([]);
});

test("every order of three is about equally likely", () => {
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = permutation(keyOf(1, "shuffle", i), 3).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect(seen.size).toBe(6);
  for (const times of seen.values()) expect(Math.abs(times - 1000)).toBeLessThan(150);
});
