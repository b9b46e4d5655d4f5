import { four, fourBits, get, type LibraryFunction } from "./vector.js";

/** -1 or 1; zeros and NaN stay what they are. */
export const sign: LibraryFunction = {
  text: () => `(func $sign (param $x v128) (result v128)
  (v128.bitselect
    (v128.or (v128.and ${get("x")} ${fourBits(0x80000000)}) ${four(1)})
    ${get("x")}
    (v128.or (f32x4.lt ${get("x")} ${four(0)}) (f32x4.gt ${get("x")} ${four(0)}))))`,
};
