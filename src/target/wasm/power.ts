/**
 * Powers of four numbers by four others, in float64. They are at most 0.501 ulp of float32 off, denormal ones too, and the same
 * on every machine.
 */

import {
  demote, four, fourBits, get, horner, multiplyAddDouble, promoteHigh, roundingTwo, set, two, twoBits, type LibraryFunction,
} from "./vector.js";

const one = 0x3ff0000000000000n;

/** The bits of nearly √½: numbers are split into a power of 2 and a factor from here to twice this. */
const least = 0x3fe6a09e00000000n;

/** Of log2((1 + s) / (1 - s)) / s in s^2, that of the highest power first, fitted for |s| < 0.1716: the relative error is 2^-45. */
const logarithm = [
  0.28290096840713597, 0.3199056441775957, 0.412209253570009, 0.5770779423539287, 0.9617966941133775, 2.88539008177785,
];

/** Of 2^f, that of the highest power first, fitted for |f| <= 1/2: the relative error is 2^-40. */
const exponential = [
  1.3175821328678544e-6, 1.530975995466081e-5, 0.00015403852109572249, 0.001333345197861056, 0.009618128542024575,
  0.05550410939427578, 0.24022650698885906, 0.6931471805464932, 0.9999999999997619,
];

/** The powers 2^(y log2 x) of two float64, each the value of a float32 and not below 0, by two others. */
const magnitude: LibraryFunction = {
  // The exponent of x becomes a number by standing in the low bits of 2^52.
  text: () => `(func $magnitude (param $x v128) (param $y v128) (result v128)
  (local $t v128) (local $s v128) (local $z v128) (local $q v128)
  ${set("t", `(i64x2.add ${get("x")} ${twoBits(one - least)})`)}
  ${set("s", `(i64x2.add (v128.and ${get("t")} ${twoBits(0xfffffffffffffn)}) ${twoBits(least)})`)}
  ${set("s", `(f64x2.div (f64x2.sub ${get("s")} ${two(1)}) (f64x2.add ${get("s")} ${two(1)}))`)}
  ${set("z", `(f64x2.mul ${get("s")} ${get("s")})`)}
  ${horner("q", logarithm, "z", two, multiplyAddDouble)}
  ${set("t", `(f64x2.sub (v128.or (i64x2.shr_u ${get("t")} (i32.const 52)) ${two(2 ** 52)}) ${two(2 ** 52 + 1023)})`)}
  ${set("q", multiplyAddDouble(get("q"), get("s"), get("t")))}
  ${set("q", `(v128.bitselect ${get("q")} ${get("x")} (f64x2.lt ${get("x")} ${two(Infinity)}))`)}
  ${set("q", `(v128.bitselect ${two(-Infinity)} ${get("q")} (f64x2.eq ${get("x")} ${two(0)}))`)}
  ${set("s", `(f64x2.mul ${get("y")} ${get("q")})`)}
  ${set("s", `(f64x2.pmax (f64x2.pmin ${get("s")} ${two(200)}) ${two(-200)})`)}
  ${set("t", `(f64x2.add ${get("s")} ${two(roundingTwo)})`)}
  ${set("s", `(f64x2.sub ${get("s")} (f64x2.sub ${get("t")} ${two(roundingTwo)}))`)}
  ${horner("q", exponential, "s", two, multiplyAddDouble)}
  (f64x2.mul ${get("q")} (i64x2.add (i64x2.shl ${get("t")} (i32.const 52)) ${twoBits(one)})))`,
};

/**
 * Everything as JavaScript has it: a power by 0 is 1; 0 gives 0 or an infinity; of a number below 0 the powers by odd numbers keep
 * the sign, and those by what is not whole are NaN, but for -∞.
 */
const pow: LibraryFunction = {
  text: () => `(func $pow (param $x v128) (param $y v128) (result v128)
  (local $size v128) (local $p v128) (local $whole v128) (local $half v128)
  ${set("size", `(f32x4.abs ${get("x")})`)}
  ${set(
    "p",
    demote(
      `(call $magnitude (f64x2.promote_low_f32x4 ${get("size")}) (f64x2.promote_low_f32x4 ${get("y")}))`,
      `(call $magnitude ${promoteHigh(get("size"))} ${promoteHigh(get("y"))})`,
    ),
  )}
  ${set("whole", `(f32x4.eq (f32x4.nearest ${get("y")}) ${get("y")})`)}
  ${set("half", `(f32x4.mul ${get("y")} ${four(0.5)})`)}
  ;; the sign of x where y is whole and its half is not
  ${set("p", `(v128.or ${get("p")} (v128.and
    (v128.and ${get("x")} ${fourBits(0x80000000)})
    (v128.and ${get("whole")} (f32x4.ne (f32x4.nearest ${get("half")}) ${get("half")}))))`)}
  ${set("p", `(v128.or ${get("p")} (v128.andnot
    (v128.and (f32x4.lt ${get("x")} ${four(0)}) (f32x4.gt ${get("x")} ${four(-Infinity)}))
    ${get("whole")}))`)}
  (v128.bitselect ${four(1)} ${get("p")} (f32x4.eq ${get("y")} ${four(0)})))`,
  needs: ["magnitude"],
};

export const power: Readonly<Record<string, LibraryFunction>> = { magnitude, pow };
