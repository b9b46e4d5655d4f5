/** What a simplification rule is, and what rules look for. */

import type { Build, Builder } from "../../ir/builder.js";
import type { Op, OpKind, OpOf } from "../../ir/program.js";

/** An operation that is about to be made. Its operands are simplified already. */
export type Draft<K extends OpKind> = Pick<OpOf<K>, "kind" | "operands" | "attributes">;

/**
 * Gives an equal value that is cheaper or opens the way for other rules, or `undefined` where the rule does not fit.
 * The value has the draft's dtype and axes; their order may differ. What a rule builds is simplified in turn, so a rule
 * must lead to fewer or smaller operations, or to a form that no rule leads back from. A rule looks only at the draft and
 * a bounded surrounding of it, never at who uses a value: that keeps the pass linear, and makes a second pass change nothing.
 */
export type Rule<K extends OpKind> = (draft: Draft<K>, b: Build, builder: Builder) => Op | undefined;

/** The number that a scalar constant holds. */
export function constantOf(op: Op): number | undefined {
  return op.kind === "constant" ? op.attributes.value : undefined;
}

/** Whether the value is a broadcast of positive zero, as `pad` puts around its operand. */
export function isZero(op: Op): boolean {
  return op.kind === "broadcast" && Object.is(constantOf(op.operands[0]!), 0);
}

/** Whether float32 holds `value` at full precision: it is 0, or neither overflows nor loses digits to underflow. */
export function isRepresentable(value: number): boolean {
  return value === 0 || (Math.abs(value) >= 2 ** -126 && Number.isFinite(Math.fround(value)));
}
