/**
 * sin and cos of four numbers: their places in the turn in float64, polynomials in float32.
 *
 * Up to 2^20 they are at most 1.57 ulp from float64 with separate multiplication and addition, and 1.53 with fused ones. Beyond,
 * the absolute error grows to some 2^-52 of the argument; from 2^51 on the results are any numbers from -1 to 1. Those of
 * infinities are NaN, and sin(-0) is 0.
 */

import {
  demote, four, fourBits, get, horner, multiplyAddDouble, promoteHigh, roundingTwo, set, two, type LibraryFunction,
} from "./vector.js";

/** π/2 in two parts, those of fdlibm. The first has 33 bits, so that its product with a number of 20 bits is exact. */
const quarterHigh = 1.5707963267341256;
const quarterLow = 6.077100506506192e-11;

/** The sine of r plus n quarters of a turn, |r| <= π/4. The polynomials are those of Moshier's Cephes (sinf, cosf). */
const turned: LibraryFunction = {
  text: (madd) => `(func $turned (param $r v128) (param $n v128) (result v128)
  (local $z v128) (local $sine v128) (local $cosine v128)
  ${set("z", `(f32x4.mul ${get("r")} ${get("r")})`)}
  ${horner("sine", [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1], "z", four, madd)}
  ${set("sine", madd(`(f32x4.mul ${get("sine")} ${get("z")})`, get("r"), get("r")))}
  ${horner("cosine", [2.443315711809948e-5, -0.001388731625493765, 0.04166664568298827, -0.5, 1], "z", four, madd)}
  (v128.xor
    (v128.bitselect ${get("cosine")} ${get("sine")} (i32x4.shr_s (i32x4.shl ${get("n")} (i32.const 31)) (i32.const 31)))
    (i32x4.shl (v128.and ${get("n")} ${fourBits(2)}) (i32.const 30))))`,
};

/** Lines that write two float64 `x` as n π/2 + r, with r in the local `half` and n in the low words of n_`half`. */
function reduceQuarters(half: string, x: string): string {
  const count = `n_${half}`;
  return `${set(half, x)}
  ${set(count, multiplyAddDouble(get(half), two(2 / Math.PI), two(roundingTwo)))}
  ${set("m", `(f64x2.sub ${get(count)} ${two(roundingTwo)})`)}
  ${set(half, multiplyAddDouble(get("m"), two(-quarterHigh), get(half)))}
  ${set(half, multiplyAddDouble(get("m"), two(-quarterLow), get(half)))}`;
}

/** The sine after so many more quarters of a turn. */
const sineAfter: LibraryFunction = {
  // r is bounded for what is so large that nothing of its place in the turn is known.
  text: () => `(func $sine_after (param $x v128) (param $quarters v128) (result v128)
  (local $low v128) (local $high v128) (local $n_low v128) (local $n_high v128) (local $m v128)
  ${reduceQuarters("low", `(f64x2.promote_low_f32x4 ${get("x")})`)}
  ${reduceQuarters("high", promoteHigh(get("x")))}
  (call $turned
    (f32x4.pmax (f32x4.pmin ${demote(get("low"), get("high"))} ${four(0.8)}) ${four(-0.8)})
    (i32x4.add
      (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 ${get("n_low")} ${get("n_high")})
      ${get("quarters")})))`,
  needs: ["turned"],
};

const sin: LibraryFunction = {
  text: () => `(func $sin (param $x v128) (result v128) (call $sine_after ${get("x")} ${fourBits(0)}))`,
  needs: ["sine_after"],
};

const cos: LibraryFunction = {
  text: () => `(func $cos (param $x v128) (result v128) (call $sine_after ${get("x")} ${fourBits(1)}))`,
  needs: ["sine_after"],
};

export const circular: Readonly<Record<string, LibraryFunction>> = { turned, sine_after: sineAfter, sin, cos };
