/** Expressions of WebAssembly text on four lanes, as the library writes its functions with them. */

/** `a * b + c`, rounded once or twice: relaxed arithmetic leaves that to the machine. */
export function multiplyAdd(isRelaxed: boolean, a: string, b: string, c: string): string {
  return isRelaxed ? `(f32x4.relaxed_madd ${a} ${b} ${c})` : `(f32x4.add (f32x4.mul ${a} ${b}) ${c})`;
}

export type MultiplyAdd = (a: string, b: string, c: string) => string;

/** `a * b + c` in float64, rounded twice on every machine. */
export function multiplyAddDouble(a: string, b: string, c: string): string {
  return `(f64x2.add (f64x2.mul ${a} ${b}) ${c})`;
}

/** One function of the library, and the others that it calls. */
export interface LibraryFunction {
  readonly text: (madd: MultiplyAdd) => string;
  readonly needs?: readonly string[];
}

export function get(name: string): string {
  return `(local.get $${name})`;
}

export function set(name: string, value: string): string {
  return `(local.set $${name} ${value})`;
}

const lanes = { f32x4: 4, i32x4: 4, f64x2: 2, i64x2: 2 } as const;
type Shape = keyof typeof lanes;

// A constant is a global, whose name tells its value. V8 builds a constant that stands in the code from two or three instructions
// at every use, but loads a global with one: that makes the functions up to twice as fast.
function constant(shape: Shape, value: string): string {
  return `(global.get $${shape}_${value})`;
}

/** The declarations of the constants that `text` names. */
export function constantsOf(text: string): string[] {
  const uses = [...text.matchAll(/\(global\.get \$(f32x4|i32x4|f64x2|i64x2)_([^\s()]+)\)/g)];
  const distinct = new Map(uses.map((use) => [use[0], { shape: use[1] as Shape, value: use[2]! }]));
  return [...distinct.values()].map(
    ({ shape, value }) => `(global $${shape}_${value} v128 (v128.const ${shape}${` ${value}`.repeat(lanes[shape])}))`,
  );
}

function literal(value: number): string {
  return String(value).replace("Infinity", "inf");
}

/** All bits clear, which V8 makes with one instruction. */
export const zero = "(v128.const i32x4 0 0 0 0)";

/** A number in each of four lanes. */
export function four(value: number): string {
  return constant("f32x4", literal(value));
}

/** Bits in each of four lanes. */
export function fourBits(bits: number): string {
  return constant("i32x4", `0x${bits.toString(16)}`);
}

/** A number in each of two lanes. */
export function two(value: number): string {
  return constant("f64x2", literal(value));
}

/** Bits in each of two lanes. */
export function twoBits(bits: bigint): string {
  return constant("i64x2", `0x${bits.toString(16)}`);
}

/** The upper half of four float32 as two float64. */
export function promoteHigh(x: string): string {
  return `(f64x2.promote_low_f32x4 (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 ${x} ${x}))`;
}

/** Four float32 from two and two float64. */
export function demote(low: string, high: string): string {
  return `(i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (f32x4.demote_f64x2_zero ${low}) (f32x4.demote_f64x2_zero ${high}))`;
}

/**
 * Added to a float32 below 2^22 in size, or to a float64 below 2^51, this rounds it to the nearest whole number and leaves that in
 * the low bits. The lowest bits of the addend itself are 0.
 */
export const roundingFour = 1.5 * 2 ** 23;
export const roundingTwo = 1.5 * 2 ** 52;

/** Lines that compute into `target` the polynomial of `x` with these coefficients, that of the highest power first. */
export function horner(
  target: string,
  coefficients: readonly number[],
  x: string,
  splat: (value: number) => string,
  madd: MultiplyAdd,
): string {
  const [first, ...others] = coefficients;
  const values = [splat(first!), ...others.map((own) => madd(get(target), get(x), splat(own)))];
  return values.map((value) => set(target, value)).join("\n  ");
}
