/**
 * exp, log, tanh and erf of four numbers, by polynomials in float32.
 *
 * The errors stated are the greatest against float64, in units in the last place (ulp): first those with separate multiplication
 * and addition, then those with fused ones. Those of exp and tanh were measured on all float32, those of the others on every
 * fifth or seventh, and those of log also on all from 1/4 to 4.
 */

import { four, fourBits, get, horner, roundingFour, set, type LibraryFunction, type MultiplyAdd } from "./vector.js";

/** ln 2 in two parts. The first has 15 bits, so that its product with any exponent is exact. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

/** The bits of 1; its exponent, added to 2^23 n, makes 2^n. */
const one = fourBits(0x3f800000);

const signBit = fourBits(0x80000000);

/**
 * Lines that write the local `x` as n ln 2 + r with |r| < 0.3467, where e^r = 1 + r + r^2 q(r). They leave 2^23 n in the bits of $n,
 * n in $m, x without the high part of n ln 2 in $high, r in $r and q(r) in $q.
 *
 * The reduction is that of Cody and Waite (1980). The coefficients were fitted to (e^r - 1 - r) / r^2 so that the greatest error
 * relative to e^r - 1, 2^-26, is least.
 */
function reduceExponent(x: string, madd: MultiplyAdd): string {
  return `${set("n", madd(get(x), four(Math.LOG2E), four(roundingFour)))}
  ${set("m", `(f32x4.sub ${get("n")} ${four(roundingFour)})`)}
  ${set("high", madd(get("m"), four(-ln2High), get(x)))}
  ${set("r", madd(get("m"), four(-ln2Low), get("high")))}
  ${set("n", `(i32x4.shl ${get("n")} (i32.const 23))`)}
  ${horner("q", [0.001388251562, 0.008366538291, 0.04166720046, 0.1666654349, 0.4999999815], "r", four, madd)}`;
}

/** Lines that add the first two terms to what `reduceExponent` left, so that $q is e^r. */
function wholeSeries(madd: MultiplyAdd): string {
  return `${set("q", madd(get("q"), get("r"), four(1)))}
  ${set("q", madd(get("q"), get("r"), four(1)))}`;
}

/** `$y` with the sign of `$x`. */
const signed = `(v128.or ${get("y")} (v128.and ${get("x")} ${signBit}))`;

/** Errors: 1.22 and 0.92 ulp; 0.76 of a denormal result. What overflows is infinite. */
const exp: LibraryFunction = {
  // 2^n is multiplied in two halves, each a normal number, so that the result may be denormal or overflow.
  // pmin and pmax give their first operand when one is NaN.
  text: (madd) => `(func $exp (param $x v128) (result v128)
  (local $n v128) (local $m v128) (local $high v128) (local $r v128) (local $q v128) (local $half v128)
  ${set("x", `(f32x4.pmax (f32x4.pmin ${get("x")} ${four(89)}) ${four(-104)})`)}
  ${reduceExponent("x", madd)}
  ${wholeSeries(madd)}
  ${set("half", `(v128.and (i32x4.shr_s ${get("n")} (i32.const 1)) ${fourBits(0xff800000)})`)}
  (f32x4.mul
    (f32x4.mul ${get("q")} (i32x4.add ${get("half")} ${one}))
    (i32x4.add (i32x4.sub ${get("n")} ${get("half")}) ${one})))`,
};

/**
 * With f + 1 from √½ to √2 and s = f / (2 + f), log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 R(s^2)): the formula and the coefficients
 * of fdlibm's logf (FreeBSD's e_logf.c). Errors: 0.84 and 0.83 ulp.
 */
const log: LibraryFunction = {
  // $special marks what is not a normal number above 0: so rare that it is branched around.
  text: (madd) => `(func $log (param $x v128) (result v128)
  (local $n v128) (local $f v128) (local $s v128) (local $z v128) (local $q v128) (local $given v128) (local $special v128)
  ${set("given", get("x"))}
  ${set("special", `(i32x4.ge_u (i32x4.sub ${get("x")} ${fourBits(0x00800000)}) ${fourBits(0x7f000000)})`)}
  (if (v128.any_true ${get("special")})
    (then ${set("x", `(v128.bitselect (f32x4.mul ${get("x")} ${four(2 ** 23)}) ${get("x")} ${get("special")})`)}))
  ${set("z", `(i32x4.sub ${get("x")} ${fourBits(0x3f3504f3)})`)}
  ${set("n", `(f32x4.convert_i32x4_s (i32x4.shr_s ${get("z")} (i32.const 23)))`)}
  ${set("f", `(f32x4.sub (i32x4.sub ${get("x")} (v128.and ${get("z")} ${fourBits(0xff800000)})) ${four(1)})`)}
  ${set("s", `(f32x4.div ${get("f")} (f32x4.add ${get("f")} ${four(2)}))`)}
  ${set("z", `(f32x4.mul ${get("s")} ${get("s")})`)}
  ${horner("q", [0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693], "z", four, madd)}
  ${set("z", `(f32x4.mul (f32x4.mul ${get("f")} ${get("f")}) ${four(0.5)})`)}
  ${set("q", madd(get("q"), `(f32x4.mul ${get("s")} ${get("s")})`, get("z")))}
  ${set("q", madd(get("q"), get("s"), `(f32x4.mul ${get("n")} ${four(ln2Low)})`))}
  ${set("q", madd(get("n"), four(ln2High), `(f32x4.add (f32x4.sub ${get("q")} ${get("z")}) ${get("f")})`))}
  (if (v128.any_true ${get("special")})
    (then
      ;; a denormal number was multiplied by 2^23
      ${set("q", `(v128.bitselect (f32x4.sub ${get("q")} ${four(23 * Math.LN2)}) ${get("q")} ${get("special")})`)}
      ;; 0 gives -inf, infinity and NaN themselves, and what is less than 0 NaN
      ${set("q", `(v128.bitselect ${four(-Infinity)} ${get("q")} (f32x4.eq ${get("given")} ${four(0)}))`)}
      ${set("q", `(v128.bitselect ${get("q")} ${get("given")} (f32x4.lt ${get("given")} ${four(Infinity)}))`)}
      ${set("q", `(v128.or ${get("q")} (f32x4.lt ${get("given")} ${four(0)}))`)}))
  ${get("q")})`,
};

/**
 * With h = (e^2|x| - 1) / 2, tanh |x| = t = h / (h + 1). Below 1/2 the result is h - h t, in which the roundings of h + 1 and of the
 * quotient weigh little. Errors: 1.97 and 1.99 ulp.
 */
const tanh: LibraryFunction = {
  // From 20 on the result is 1. The low part of n ln 2 is added last, for a rounded r alone would cost half a unit.
  text: (madd) => `(func $tanh (param $x v128) (result v128)
  (local $n v128) (local $m v128) (local $high v128) (local $r v128) (local $q v128) (local $y v128)
  ${set("y", `(f32x4.pmin (f32x4.abs (f32x4.add ${get("x")} ${get("x")})) ${four(20)})`)}
  ${reduceExponent("y", madd)}
  ${set("n", `(i32x4.add ${get("n")} ${fourBits(0x3f000000)})`)}
  ${set("q", madd(`(f32x4.mul ${get("q")} ${get("r")})`, get("r"), `(f32x4.mul ${get("m")} ${four(-ln2Low)})`))}
  ${set("q", `(f32x4.add ${get("q")} ${get("high")})`)}
  ${set("q", madd(get("q"), get("n"), `(f32x4.sub ${get("n")} ${four(0.5)})`))}
  ${set("y", `(f32x4.div ${get("q")} (f32x4.add ${get("q")} ${four(1)}))`)}
  ${set("y", `(v128.bitselect (f32x4.sub ${get("q")} (f32x4.mul ${get("q")} ${get("y")})) ${get("y")} (f32x4.lt ${get("q")} ${four(0.5)}))`)}
  ${signed})`,
};

/**
 * The two minimax approximations of N. Juffa's erff: a + a P(a^2) of a = |x| to 0.927734375, and 1 - e^(a Q(a) - a) above.
 * Errors: 1.18 and 1.07 ulp.
 */
const erf: LibraryFunction = {
  // From 4 on the result is 1.
  text: (madd) => `(func $erf (param $x v128) (result v128)
  (local $n v128) (local $m v128) (local $high v128) (local $r v128) (local $q v128) (local $size v128) (local $y v128) (local $s v128)
  ${set("size", `(f32x4.pmin (f32x4.abs ${get("x")}) ${four(4)})`)}
  ${horner("y", [-1.7285347e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -0.106777877, -0.634846687, -0.128717512], "size", four, madd)}
  ${set("y", `(f32x4.sub (f32x4.mul ${get("y")} ${get("size")}) ${get("size")})`)}
  ${reduceExponent("y", madd)}
  ${wholeSeries(madd)}
  ${set("q", `(f32x4.sub ${four(1)} (f32x4.mul ${get("q")} (i32x4.add ${get("n")} ${one})))`)}
  ${set("s", `(f32x4.mul ${get("size")} ${get("size")})`)}
  ${horner("y", [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 0.112819925, -0.376125336, 0.128379166], "s", four, madd)}
  ${set("y", madd(get("y"), get("size"), get("size")))}
  ${set("y", `(v128.bitselect ${get("q")} ${get("y")} (f32x4.gt ${get("size")} ${four(0.927734375)}))`)}
  ${signed})`,
};

export const elementary: Readonly<Record<string, LibraryFunction>> = { exp, log, tanh, erf };
