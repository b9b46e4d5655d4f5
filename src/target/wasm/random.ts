/** Random numbers of four elements: what `random/threefry.ts` computes, in whose terms this is written. */

import { four, fourBits, get, roundingFour, set, type LibraryFunction } from "./vector.js";

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

const keys = ["$key", "$other", "$third"] as const;

function round(index: number): string {
  const rotation = rotations[index % rotations.length]!;
  const mixed = `${set("x", `(i32x4.add ${get("x")} ${get("y")})`)}
  ${set("y", `(v128.or (i32x4.shl ${get("y")} (i32.const ${rotation})) (i32x4.shr_u ${get("y")} (i32.const ${32 - rotation})))`)}
  ${set("y", `(v128.xor ${get("y")} ${get("x")})`)}`;
  if (index % 4 !== 3) return mixed;
  const injection = (index + 1) / 4;
  const [first, second] = [keys[injection % 3]!, keys[(injection + 1) % 3]!];
  return `${mixed}
  ${set("x", `(i32x4.add ${get("x")} (i32x4.splat (local.get ${first})))`)}
  ${set("y", `(i32x4.add ${get("y")} (i32x4.splat (i32.add (local.get ${second}) (i32.const ${injection}))))`)}`;
}

/** The first words of four elements, and their second words. */
const threefry: LibraryFunction = {
  text: () => `(func $threefry (param $key i32) (param $other i32) (param $elements v128) (result v128 v128)
  (local $third i32) (local $x v128) (local $y v128)
  ${set("third", `(i32.xor (i32.const 0x1bd11bda) (i32.xor ${get("key")} ${get("other")}))`)}
  ${set("x", `(i32x4.add ${get("elements")} (i32x4.splat ${get("key")}))`)}
  ${set("y", `(i32x4.splat ${get("other")})`)}
  ${Array.from({ length: 20 }, (_, i) => round(i)).join("\n  ")}
  ${get("x")}
  ${get("y")})`,
};

const call = `(call $threefry ${get("key")} ${get("other")} ${get("elements")})`;

const uniform: LibraryFunction = {
  text: () => `(func $uniform (param $key i32) (param $other i32) (param $elements v128) (result v128)
  (local $x v128)
  ${call}
  (drop)
  (local.set $x)
  (f32x4.mul (f32x4.convert_i32x4_s (i32x4.shr_u ${get("x")} (i32.const 8))) ${four(2 ** -24)}))`,
  needs: ["threefry"],
};

/**
 * At most 3.3 ulp from the reference, and 3.0 with fused multiplication and addition. Where the angle is a quarter of a turn this
 * is 0, and the reference some 1e-16.
 */
const normal: LibraryFunction = {
  // The angle is reduced in quarters of a turn, where that is exact, before it is multiplied by π/2 in two parts.
  text: (madd) => `(func $normal (param $key i32) (param $other i32) (param $elements v128) (result v128)
  (local $x v128) (local $y v128) (local $n v128)
  ${call}
  (local.set $y)
  (local.set $x)
  ${set("x", `(i32x4.add (i32x4.shr_u ${get("x")} (i32.const 8)) ${fourBits(1)})`)}
  ${set("x", `(call $log (f32x4.mul (f32x4.convert_i32x4_s ${get("x")}) ${four(2 ** -24)}))`)}
  ${set("y", `(f32x4.mul (f32x4.convert_i32x4_s (i32x4.shr_u ${get("y")} (i32.const 8))) ${four(2 ** -22)})`)}
  ${set("n", `(f32x4.add ${get("y")} ${four(roundingFour)})`)}
  ${set("y", `(f32x4.sub ${get("y")} (f32x4.sub ${get("n")} ${four(roundingFour)}))`)}
  ${set("y", madd(get("y"), four(Math.fround(Math.PI / 2)), `(f32x4.mul ${get("y")} ${four(Math.PI / 2 - Math.fround(Math.PI / 2))})`))}
  (f32x4.mul
    (f32x4.sqrt (f32x4.mul ${get("x")} ${four(-2)}))
    (call $turned ${get("y")} (i32x4.add ${get("n")} ${fourBits(1)}))))`,
  needs: ["threefry", "log", "turned"],
};

export const random: Readonly<Record<string, LibraryFunction>> = { threefry, uniform, normal };
