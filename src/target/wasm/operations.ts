/** The element by element operations as WebAssembly text, on vectors of four. Conditions are masks of all bits. */

import type { ScalarOf } from "../../kernel/scalar.js";
import type { DType } from "../../ir/types.js";
import { four, fourBits, zero } from "./vector.js";
import type { Writer } from "./writer.js";

const ones = four(1);
const wholeOnes = fourBits(1);

/** An operation on the texts of its operands. */
export function applied({ operation, operands, dtype }: ScalarOf<"apply">, texts: readonly string[], writer: Writer): string {
  const [x, y, z] = texts as [string, string, string];
  const from = operands[0]!.dtype;
  const type = from === "f32" ? "f32x4" : "i32x4";
  const signed = from === "f32" ? "" : "_s";
  switch (operation) {
    case "neg": case "abs": return `(${type}.${operation} ${x})`;
    case "sqrt": case "floor": return `(f32x4.${operation} ${x})`;
    case "rsqrt": return `(f32x4.div ${ones} (f32x4.sqrt ${x}))`;
    case "sign": return from === "i32" ? `(i32x4.sub (i32x4.lt_s ${x} ${zero}) (i32x4.gt_s ${x} ${zero}))` : writer.call("sign", x);
    case "exp": case "log": case "sin": case "cos": case "tanh": case "erf": return writer.call(operation, x);
    case "pow": return writer.call("pow", x, y);
    case "not": return `(v128.not ${x})`;
    case "add": case "sub": case "mul": return `(${type}.${operation} ${x} ${y})`;
    case "div": return `(f32x4.div ${x} ${y})`;
    case "max": case "min": {
      if (from !== "f32") return `(i32x4.${operation}_s ${x} ${y})`;
      // These give a first operand that is not a number, and a constant is one.
      return operands[0]!.kind === "number" ? `(f32x4.p${operation} ${y} ${x})` : `(f32x4.p${operation} ${x} ${y})`;
    }
    case "less": return `(${type}.lt${signed} ${x} ${y})`;
    case "less_equal": return `(${type}.le${signed} ${x} ${y})`;
    case "equal": return `(${type}.eq ${x} ${y})`;
    case "and": case "or": return `(v128.${operation} ${x} ${y})`;
    case "select": return `(v128.bitselect ${y} ${z} ${x})`;
    case "cast": return cast(from, dtype, x);
  }
}

function cast(from: DType, to: DType, x: string): string {
  if (from === to) return x;
  if (from === "bool") return `(v128.and ${x} ${to === "f32" ? ones : wholeOnes})`;
  if (to === "bool") return from === "f32" ? `(f32x4.ne ${x} ${zero})` : `(i32x4.ne ${x} ${zero})`;
  return to === "f32" ? `(f32x4.convert_i32x4_s ${x})` : `(i32x4.trunc_sat_f32x4_s ${x})`;
}
