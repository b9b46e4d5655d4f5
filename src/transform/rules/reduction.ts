/** Simplification of reductions and contractions. */

import { hasAxis } from "../../ir/types.js";
import { scaleOf } from "./elementwise.js";
import type { Rule } from "./rule.js";

/** sum(sum(x)) → sum(x) */
const reduceTwice: Rule<"reduce_sum" | "reduce_max"> = ({ kind, operands: [x], attributes }, _, builder) => {
  if (x!.kind !== kind) return undefined;
  return builder.add(kind, x!.operands, { axes: [...x!.attributes.axes, ...attributes.axes] });
};

/** sum(broadcast x) → x * extent */
const sumOfBroadcast: Rule<"reduce_sum"> = ({ operands: [x], attributes: { axes } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  const repeats = x!.attributes.axes.reduce((n, axis) => (axes.includes(axis.name) ? n * axis.extent : n), 1);
  const sum = b.sum(inner, axes.filter((name) => hasAxis(inner.type, name)));
  const total = b.mul(sum, b.constant(repeats, inner.type.dtype));
  return b.broadcast(total, x!.attributes.axes.filter((axis) => !axes.includes(axis.name)));
};

/** maximum(broadcast x) → x */
const maximumOfBroadcast: Rule<"reduce_max"> = ({ operands: [x], attributes: { axes } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  const maximum = b.maximum(inner, axes.filter((name) => hasAxis(inner.type, name)));
  return b.broadcast(maximum, x!.attributes.axes.filter((axis) => !axes.includes(axis.name)));
};

/** sum(x * c) → sum(x) * c; sum(-x) → -sum(x): the factor meets fewer elements, and other factors */
const sumOfScale: Rule<"reduce_sum"> = ({ operands: [x], attributes: { axes } }, b) => {
  if (x!.kind === "neg") return b.neg(b.sum(x!.operands[0]!, axes));
  const factor = scaleOf(x!);
  return factor === undefined ? undefined : b.mul(b.sum(x!.operands[0]!, axes), factor);
};

/** sum(pad x) → sum(x) along the padded axis, pad(sum x) along others */
const sumOfPadded: Rule<"reduce_sum"> = ({ operands: [x], attributes: { axes } }, b) => {
  if (x!.kind !== "pad") return undefined;
  const { axis, before, after } = x!.attributes;
  const sum = b.sum(x!.operands[0]!, axes);
  return axes.includes(axis) ? sum : b.pad(sum, axis, before, after);
};

/** A contraction over no axis is a product. */
const contractNothing: Rule<"contract"> = ({ operands: [x, y], attributes: { axes } }, b) =>
  axes.length === 0 ? b.mul(x!, y!) : undefined;

/**
 * contract(broadcast x, y): along an axis that only the broadcast has, repeat the result; along a shared one, y has it still;
 * along a contracted one, sum y first.
 */
const contractBroadcast: Rule<"contract"> = ({ operands, attributes: { axes } }, b) => {
  const at = operands.findIndex((operand) => operand.kind === "broadcast");
  const repeated = operands[at];
  if (repeated?.kind !== "broadcast") return undefined;
  const inner = repeated.operands[0]!;
  const other = operands[1 - at]!;
  const summed = axes.filter((name) => !hasAxis(inner.type, name));
  const rest = axes.filter((name) => hasAxis(inner.type, name));
  const reduced = b.sum(other, summed);
  const product = at === 0 ? b.contract(inner, reduced, rest) : b.contract(reduced, inner, rest);
  return b.broadcast(product, repeated.attributes.axes.filter((axis) => !hasAxis(other.type, axis.name)));
};

/** sum over a merged axis → sum over the axes that were merged */
const reduceMerged: Rule<"reduce_sum" | "reduce_max"> = ({ kind, operands: [x], attributes: { axes } }, _, builder) => {
  if (x!.kind !== "merge" || !axes.includes(x!.attributes.into)) return undefined;
  const { axes: parts, into } = x!.attributes;
  return builder.add(kind, x!.operands, { axes: axes.flatMap((name) => (name === into ? parts : [name])) });
};

/** sum over all axes that a split made → sum over the axis that was split */
const reduceSplit: Rule<"reduce_sum" | "reduce_max"> = ({ kind, operands: [x], attributes: { axes } }, _, builder) => {
  if (x!.kind !== "split") return undefined;
  const { axis, into } = x!.attributes;
  if (!into.every((part) => axes.includes(part.name))) return undefined;
  return builder.add(kind, x!.operands, { axes: [axis, ...axes.filter((name) => !into.some((part) => part.name === name))] });
};

export const reductionRules: {
  readonly [K in "reduce_sum" | "reduce_max" | "contract"]: readonly Rule<K>[];
} = {
  reduce_sum: [reduceTwice, sumOfBroadcast, sumOfScale, sumOfPadded, reduceMerged, reduceSplit],
  reduce_max: [reduceTwice, maximumOfBroadcast, reduceMerged, reduceSplit],
  contract: [contractBroadcast, contractNothing],
};
