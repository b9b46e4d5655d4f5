/** Every function of the library against float64, in units in the last place of float32, with and without relaxed SIMD. */

import v8 from "node:v8";
import { describe, expect, test } from "vitest";
import { erf } from "../../../src/ir/ops/erf.js";
import { type Key, normals, threefry, uniforms } from "../../../src/random/threefry.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { libraryOf } from "../../../src/target/wasm/library.js";
import { constantsOf } from "../../../src/target/wasm/vector.js";

// Node 20 has relaxed SIMD behind a flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

const capacity = 1 << 16;
const first = 0;
const second = 4 * capacity;
const target = 8 * capacity;

/** Loops over arrays at `first` and `second` with these leading operands. */
function driver(name: string, parameters: string, operands: string): string {
  return `(func (export "${name}") ${parameters} (param $end i32) (local $i i32)
  (loop $next
    (v128.store offset=${target} (local.get $i) (call $${name} ${operands}))
    (local.set $i (i32.add (local.get $i) (i32.const 16)))
    (br_if $next (i32.lt_u (local.get $i) (local.get $end)))))`;
}

const x = `(v128.load offset=${first} (local.get $i))`;
const y = `(v128.load offset=${second} (local.get $i))`;
const unary = ["exp", "log", "tanh", "erf", "sin", "cos"];
const drawn = ["uniform", "normal"];
const drivers = [
  ...unary.map((name) => driver(name, "", x)),
  driver("pow", "", `${x} ${y}`),
  ...drawn.map((name) => driver(name, "(param $key i32) (param $other i32)", `(local.get $key) (local.get $other) ${x}`)),
];

async function load(isRelaxed: boolean) {
  const functions = libraryOf([...unary, "pow", ...drawn], isRelaxed);
  const fields = ['(memory (export "memory") 16)', ...constantsOf(functions.join("\n")), ...functions, ...drivers];
  const bytes = (await assemble(`(module ${fields.join("\n")})`)) as Uint8Array<ArrayBuffer>;
  const { exports } = (await WebAssembly.instantiate(bytes)).instance;
  const memory = (exports["memory"] as WebAssembly.Memory).buffer;
  return (name: string, inputs: readonly (Float32Array | Uint32Array)[], key: readonly number[] = []): Float32Array => {
    const count = inputs[0]!.length;
    const result = new Float32Array(count);
    for (let from = 0; from < count; from += capacity) {
      const length = Math.min(capacity, count - from);
      inputs.forEach((input, i) => {
        const bits = new Uint32Array(input.buffer, input.byteOffset + 4 * from, length);
        new Uint32Array(memory, i === 0 ? first : second, length).set(bits);
      });
      (exports[name] as (...operands: number[]) => void)(...key, 4 * length);
      result.set(new Float32Array(memory, target, length), from);
    }
    return result;
  };
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The distance of neighbours in float32 where `value` lies. */
function unit(value: number): number {
  float[0] = value;
  const exponent = ((words[1]! >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

/** What would come after the largest float32 stands for infinity, so that overflow at the right place is no error. */
function bounded(value: number): number {
  return Math.max(-(2 ** 128), Math.min(value, 2 ** 128));
}

/** The error of `got` in units in the last place; none where both are NaN, infinite where one is. */
function unitsOff(got: number, expected: number): number {
  if (Number.isNaN(got) || Number.isNaN(expected)) return Number.isNaN(got) && Number.isNaN(expected) ? 0 : Infinity;
  if (got === Math.fround(expected) && Math.abs(got) === Infinity) return 0;
  return Math.abs(bounded(got) - bounded(expected)) / unit(bounded(expected));
}

/** Fails with the worst element, as `label` says it, when that is more than `bound` units off. */
function expectClose(bound: number, got: Float32Array, expected: Float64Array, label: (index: number) => string): void {
  let worst = 0;
  let at = 0;
  got.forEach((value, i) => {
    const off = unitsOff(value, expected[i]!);
    if (off <= worst) return;
    worst = off;
    at = i;
  });
  if (worst > bound) expect.fail(`${label(at)} is ${got[at]}, not ${expected[at]}: ${worst} units off`);
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** `count` float32 with evenly spaced bits from those of `from` on, and before those of `to`. */
function between(from: number, to: number, count: number): Float32Array {
  const [low, high] = [bitsOf(from), bitsOf(to)];
  return new Float32Array(Uint32Array.from({ length: count }, (_, i) => low + Math.floor((i * (high - low)) / count)).buffer);
}

/** 4000 neighbours on both sides, and their opposites. */
function around(value: number): Float32Array {
  const bits = Uint32Array.from({ length: 8000 }, (_, i) => bitsOf(value) + i - 4000);
  return new Float32Array(Uint32Array.of(...bits, ...bits.map((own) => own ^ 0x80000000)).buffer);
}

function joined(...parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Evenly spaced bit patterns, among them NaN, and what is not finite, tiny, huge or 0. */
const everywhere = joined(
  new Float32Array(Uint32Array.from({ length: 200_003 }, (_, i) => i * 21474).buffer),
  Float32Array.of(0, -0, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -149), 3.4028234e38, -3.4028234e38),
);

describe.each([false, true])("relaxed SIMD: %s", async (isRelaxed) => {
  const run = await load(isRelaxed);

  function expectWithin(bound: number, name: string, reference: (...operands: number[]) => number, ...inputs: Float32Array[]): void {
    const expected = Float64Array.from(inputs[0]!, (_, i) => reference(...inputs.map((input) => input[i]!)));
    expectClose(bound, run(name, inputs), expected, (i) => `${name}(${inputs.map((input) => input[i]).join(", ")})`);
  }

  test.each([
    // Where the result overflows, becomes denormal and becomes 0; where the nearest power of two changes.
    { name: "exp", bound: 1.22, reference: Math.exp, dense: [0.3465736, 1, 88.72284, 87.33655, 103.97208], range: [0.01, 104] },
    // Where the factor changes its power of two, and the smallest normal number.
    { name: "log", bound: 0.84, reference: Math.log, dense: [1, Math.SQRT2, Math.SQRT1_2, 2 ** -126, 2 ** -149 * 4000], range: [0.1, 10] },
    // Where the nearest power of two changes, and where the formula does.
    { name: "tanh", bound: 1.99, reference: Math.tanh, dense: [1e-3, 0.1732868, 0.2471868, 0.3465736, 0.5198604, 1, 9.0109], range: [0.01, 10] },
    // Where the polynomial changes, and where the result becomes 1.
    { name: "erf", bound: 1.18, reference: erf, dense: [1e-3, 0.92773438, 1, 3.9192059], range: [0.01, 4.5] },
    { name: "sin", bound: 1.57, reference: Math.sin, dense: [1e-3, Math.PI / 4, Math.PI, 1000 * Math.PI], range: [0.01, 2 ** 20] },
    { name: "cos", bound: 1.57, reference: Math.cos, dense: [1e-3, Math.PI / 4, Math.PI / 2, 1000.5 * Math.PI], range: [0.01, 2 ** 20] },
  ])("$name is at most $bound units off", ({ name, bound, reference, dense, range }) => {
    // Beyond 2^20 sin and cos lose their place in the turn.
    const wide = name === "sin" || name === "cos" ? everywhere.filter((value) => !(Math.abs(value) > 2 ** 20)) : everywhere;
    const [from, to] = range as [number, number];
    const positive = between(from, to, 100_000);
    expectWithin(bound, name, reference, joined(wide, positive, positive.map((value) => -value), ...dense.map(around)));
  });

  test.each(["tanh", "erf"])("%s keeps the sign of 0", (name) => {
    expect([...run(name, [Float32Array.of(0, -0, 0, 0)])]).toEqual([0, -0, 0, 0]);
  });

  test("NaN with any bits stays NaN", () => {
    const bits = Uint32Array.from({ length: 4096 }, (_, i) => (i % 2 === 0 ? 0x7f800001 : 0xff800001) + i * 2047);
    for (const name of unary) expect(run(name, [new Float32Array(bits.buffer)]).every(Number.isNaN)).toBe(true);
  });

  test.each([
    { name: "sin", reference: Math.sin },
    { name: "cos", reference: Math.cos },
  ])("$name of large numbers loses its place in the turn by and by", ({ name, reference }) => {
    const large = between(2 ** 20, 2 ** 40, 20_000);
    const got = run(name, [large]);
    expect(large.every((value, i) => Math.abs(got[i]! - reference(value)) < 2 ** -23 + value * 2 ** -52)).toBe(true);
    expect(run(name, [between(2 ** 40, 3.4e38, 20_000)]).every((value) => Math.abs(value) <= 1)).toBe(true);
    expect([...run(name, [Float32Array.of(Infinity, -Infinity, NaN, Infinity)])]).toEqual([NaN, NaN, NaN, NaN]);
  });

  test("pow is at most 0.501 units off", () => {
    const bases = joined(between(1e-3, 1e3, 50_000), between(0.99, 1.01, 50_000), between(2 ** -149, 3.4e38, 50_000));
    const powers = bases.map((_, i) => Math.sin(i * 0.7) * 10 ** ((i % 7) - 3));
    expectWithin(0.501, "pow", Math.pow, bases, powers);
    expectWithin(0.501, "pow", Math.pow, bases.map((value) => -value), powers.map(Math.round));
    for (const power of [-2, -1, -0.5, 0.5, 1, 2, 3]) expectWithin(0.501, "pow", Math.pow, bases, bases.map(() => power));
  });

  test("pow of what is special is that of JavaScript", () => {
    const values = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, 1e-40, -1e-40, 1e30, -1e30, Infinity, -Infinity, NaN].map(Math.fround);
    const pairs = values.flatMap((base) => values.map((power) => [base, power] as const));
    const got = run("pow", [Float32Array.from(pairs, ([base]) => base), Float32Array.from(pairs, ([, power]) => power)]);
    pairs.forEach(([base, power], i) => expect(got[i], `${base} ** ${power}`).toBe(Math.fround(base ** power)));
  });

  const keys: Key[] = [
    [0, 0],
    [0x13198a2e, 0x03707344],
    [0xffffffff, 0xfedcba98],
  ];
  const count = 50_000;
  const elements = Uint32Array.from({ length: count }, (_, i) => i);

  test.each(keys)("uniform is that of the reference (key %i, %i)", (...key) => {
    const reference = uniforms(key, count);
    expect(run("uniform", [elements], key).every((value, i) => value === reference[i])).toBe(true);
    const last = Uint32Array.of(0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff);
    const expected = Float32Array.from(last, (element) => {
      const out = new Uint32Array(2);
      threefry(key, element, 0, out);
      return (out[0]! >>> 8) / 0x1000000;
    });
    expect(run("uniform", [last], key)).toEqual(expected);
  });

  test.each(keys)("normal is at most 3.3 units from the reference (key %i, %i)", (...key) => {
    expectClose(3.3, run("normal", [elements], key), normals(key, count, new Float64Array(count)) as Float64Array, (i) => `element ${i}`);
  });
});

test("a function comes after those that it calls, and constants come once", () => {
  const functions = libraryOf(["normal", "cos", "normal"], false);
  const texts = [...constantsOf(functions.join("\n")), ...functions];
  const defined = texts.map((text) => /^\((?:func|global) \$(\S+)/.exec(text)![1]!);
  expect(new Set(defined).size).toBe(defined.length);
  texts.forEach((text, i) => {
    for (const use of text.matchAll(/\((?:call|global\.get) \$([^\s()]+)/g)) expect(defined.slice(0, i)).toContain(use[1]);
  });
});
