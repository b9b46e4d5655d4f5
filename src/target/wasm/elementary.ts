/** exp, log, tanh and erf of four numbers, by polynomials in float32. */

import { four, fourBits, get, horner, set, type LibraryFunction, type MultiplyAdd } from "./vector.js";

/** Added to a number below 2^22 in size, it leaves the nearest whole number in the low bits, which are 0 in itself. */
const magic = 1.5 * 2 ** 23;

/** ln 2 in two parts. The first has 15 bits, so that its product with any exponent is exact. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

/** The bits of 1; its exponent, added to 2^23 n, makes 2^n. */
const one = fourBits(0x3f800000);

const signBit = fourBits(0x80000000);

/**
 * Lines that write $x as n ln 2 + r with |r| < 0.3467 and leave 2^23 n in the bits of $n, r in $r and q(r) in $q, where
 * e^r = 1 + r + r^2 q(r).
 *
 * The reduction is that of Cody and Waite (1980). The coefficients were fitted to (e^r - 1 - r) / r^2 so that the greatest error
 * relative to e^r - 1, 2^-26, is least.
 */
function reduceExponent(x: string, madd: MultiplyAdd): string {
  return `${set("n", madd(get(x), four(Math.LOG2E), four(magic)))}
  ${set("m", `(f32x4.sub ${get("n")} ${four(magic)})`)}
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

const exp: LibraryFunction = {
  // The power of two is multiplied in two halves, of which each is a normal number: thus the result may be denormal or overflow.
  // The smaller of two is written with the constant second, in which case NaN stays.
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

const log: LibraryFunction = {
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
      ;; of anything else 0 and infinity give an infinity, and what is less than 0 NaN
      ${set("q", `(v128.bitselect ${four(-Infinity)} ${get("q")} (f32x4.eq ${get("given")} ${four(0)}))`)}
      ${set("q", `(v128.bitselect ${get("q")} ${get("given")} (f32x4.lt ${get("given")} ${four(Infinity)}))`)}
      ${set("q", `(v128.or ${get("q")} (f32x4.lt ${get("given")} ${four(0)}))`)}))
  ${get("q")})`,
};

const tanh: LibraryFunction = {
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

const erf: LibraryFunction = {
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
