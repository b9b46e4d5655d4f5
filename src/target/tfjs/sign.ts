/** What is known of the sign of a value without computing it. */

import type { Op } from "../../ir/program.js";

/** Kinds that only move elements, or repeat or add zeros to them, or do nothing. */
const moving: ReadonlySet<string> = new Set(["broadcast", "rename", "split", "merge", "slice", "pad", "stop_gradient", "attach_gradient"]);

export function isNonNegative(op: Op): boolean {
  const [x, y] = op.operands;
  if (moving.has(op.kind)) return isNonNegative(x!);
  switch (op.kind) {
    case "constant":
      return op.attributes.value >= 0;
    case "abs":
    case "exp":
    case "sqrt":
    case "rsqrt":
    case "iota":
      return true;
    case "pow":
      return isNonNegative(x!) || (y!.kind === "constant" && y!.attributes.value % 2 === 0);
    case "mul":
    case "div":
      return x === y || (isNonNegative(x!) && isNonNegative(y!)) || (isNonPositive(x!) && isNonPositive(y!));
    case "add":
    case "min":
      return isNonNegative(x!) && isNonNegative(y!);
    case "max":
      return isNonNegative(x!) || isNonNegative(y!);
    case "neg":
      return isNonPositive(x!);
    case "cast":
      return x!.type.dtype === "bool" || isNonNegative(x!);
    case "reduce_sum":
    case "reduce_max":
      return isNonNegative(x!);
    default:
      return false;
  }
}

export function isNonPositive(op: Op): boolean {
  const [x, y] = op.operands;
  if (moving.has(op.kind)) return isNonPositive(x!);
  switch (op.kind) {
    case "constant":
      return op.attributes.value <= 0;
    case "neg":
      return isNonNegative(x!);
    case "mul":
    case "div":
      return (isNonNegative(x!) && isNonPositive(y!)) || (isNonPositive(x!) && isNonNegative(y!));
    case "add":
      return isNonPositive(x!) && isNonPositive(y!);
    case "sub":
      return (isNonPositive(x!) && isNonNegative(y!)) || isMaximumOf(y!, x!);
    case "reduce_sum":
    case "reduce_max":
      return isNonPositive(x!);
    default:
      return false;
  }
}

/** Whether `op` is a largest element of `x`, as in a softmax. */
function isMaximumOf(op: Op, x: Op): boolean {
  if (op.kind === "broadcast" || op.kind === "stop_gradient") return isMaximumOf(op.operands[0]!, x);
  return op.kind === "reduce_max" && op.operands[0] === x;
}
