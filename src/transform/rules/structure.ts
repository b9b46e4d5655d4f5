/** Simplification of operations that rearrange. Axes are known by name, so none of these depends on the layout. */

import type { Build } from "../../ir/builder.js";
import type { Op } from "../../ir/program.js";
import { type Axis, extentOf, hasAxis } from "../../ir/types.js";
import { zeros } from "./pieces.js";
import { type Rule, isZero } from "./rule.js";

const names = (axes: readonly Axis[]) => axes.map((axis) => axis.name);
const sameNames = (left: readonly string[], right: readonly string[]) =>
  left.length === right.length && left.every((name, i) => name === right[i]);

/** broadcast over no axis → x; broadcast(broadcast x) → broadcast x */
const broadcastTwice: Rule<"broadcast"> = ({ operands: [x], attributes: { axes } }, b) => {
  if (axes.length === 0) return x;
  return x!.kind === "broadcast" ? b.broadcast(x!.operands[0]!, [...axes, ...x!.attributes.axes]) : undefined;
};

/** rename(rename x) → rename x, and only of names that change, sorted; rename of none → x */
const renameOnce: Rule<"rename"> = ({ operands: [x], attributes }, b) => {
  const origin = x!.kind === "rename" ? x!.operands[0]! : x!;
  const changes = x!.type.axes
    .map((axis, i) => {
      const at = attributes.from.indexOf(axis.name);
      return { from: origin.type.axes[i]!.name, to: at < 0 ? axis.name : attributes.to[at]! };
    })
    .filter(({ from, to }) => from !== to)
    .sort((left, right) => (left.from < right.from ? -1 : 1));
  const [from, to] = [changes.map((change) => change.from), changes.map((change) => change.to)];
  if (changes.length === 0) return origin;
  if (origin === x && sameNames(from, attributes.from)) return undefined;
  return b.rename(origin, from, to);
};

/** rename(broadcast x) → broadcast(rename x) */
const renameBroadcast: Rule<"rename"> = ({ operands: [x], attributes: { from, to } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  const kept = from.flatMap((name, i) => (hasAxis(inner.type, name) ? [i] : []));
  const axes = x!.attributes.axes.map(({ name, extent }) => ({ name: to[from.indexOf(name)] ?? name, extent }));
  return b.broadcast(b.rename(inner, kept.map((i) => from[i]!), kept.map((i) => to[i]!)), axes);
};

/** split(merge x) → x, under the names that the split gives; a split into one axis renames it */
const splitMerged: Rule<"split"> = ({ operands: [x], attributes: { axis, into } }, b) => {
  if (into.length === 1) return b.rename(x!, [axis], names(into));
  if (x!.kind !== "merge" || x!.attributes.into !== axis) return undefined;
  const [inner, parts] = [x!.operands[0]!, x!.attributes.axes];
  const same = parts.length === into.length && into.every((part, i) => part.extent === extentOf(inner.type, parts[i]!));
  return same ? b.rename(inner, parts, names(into)) : undefined;
};

/** split(broadcast x) → broadcast(split x), or a broadcast along the parts */
const splitBroadcast: Rule<"split"> = ({ operands: [x], attributes: { axis, into } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  if (hasAxis(inner.type, axis)) return b.broadcast(b.split(inner, axis, into), x!.attributes.axes);
  return b.broadcast(inner, x!.attributes.axes.flatMap((own) => (own.name === axis ? into : [own])));
};

/** merge(split x) → x, under the name that the merge gives; a merge of one axis renames it */
const mergeSplit: Rule<"merge"> = ({ operands: [x], attributes: { axes, into } }, b) => {
  if (axes.length === 1) return b.rename(x!, axes, [into]);
  if (x!.kind !== "split" || !sameNames(names(x!.attributes.into), axes)) return undefined;
  return b.rename(x!.operands[0]!, [x!.attributes.axis], [into]);
};

/** merge(broadcast x) → broadcast(merge x), or a broadcast along the merged axis */
const mergeBroadcast: Rule<"merge"> = ({ operands: [x], attributes: { axes, into } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  const own = axes.filter((name) => hasAxis(inner.type, name)).length;
  const others = x!.attributes.axes.filter((axis) => !axes.includes(axis.name));
  if (own === axes.length) return b.broadcast(b.merge(inner, axes, into), others);
  if (own > 0) return undefined;
  const extent = axes.reduce((product, name) => product * extentOf(x!.type, name), 1);
  return b.broadcast(inner, [{ name: into, extent }, ...others]);
};

/** A slice of a whole axis */
const sliceAll: Rule<"slice"> = ({ operands: [x], attributes: { axis, extent } }) =>
  extentOf(x!.type, axis) === extent ? x : undefined;

/** slice(slice x) → slice x */
const sliceTwice: Rule<"slice"> = ({ operands: [x], attributes: { axis, start, extent } }, b) =>
  x!.kind === "slice" && x!.attributes.axis === axis
    ? b.slice(x!.operands[0]!, axis, x!.attributes.start + start, extent)
    : undefined;

/** slice(concatenate(…)) → the parts that it covers, or a slice of the part that it lies in */
const sliceConcatenated: Rule<"slice"> = ({ operands: [x], attributes: { axis, start, extent } }, b) => {
  if (x!.kind !== "concatenate" || x!.attributes.axis !== axis) return undefined;
  const covered: Op[] = [];
  let offset = 0;
  for (const part of x!.operands) {
    const end = offset + extentOf(part.type, axis);
    if (offset <= start && start + extent <= end) return b.slice(part, axis, start - offset, extent);
    if (start <= offset && end <= start + extent) covered.push(part);
    else if (start < end && offset < start + extent) return undefined;
    offset = end;
  }
  return b.concatenate(covered, axis);
};

/** slice(pad x) → slice x, or zeros */
const slicePadded: Rule<"slice"> = ({ operands: [x], attributes: { axis, start, extent } }, b) => {
  if (x!.kind !== "pad" || x!.attributes.axis !== axis) return undefined;
  const inner = x!.operands[0]!;
  const { before } = x!.attributes;
  const end = before + extentOf(inner.type, axis);
  if (before <= start && start + extent <= end) return b.slice(inner, axis, start - before, extent);
  return start + extent <= before || end <= start ? zeros(inner, axis, extent, b) : undefined;
};

/** slice(broadcast x) → broadcast(slice x), or a shorter broadcast */
const sliceBroadcast: Rule<"slice"> = ({ operands: [x], attributes: { axis, start, extent } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  const inner = x!.operands[0]!;
  if (hasAxis(inner.type, axis)) return b.broadcast(b.slice(inner, axis, start, extent), x!.attributes.axes);
  return b.broadcast(inner, x!.attributes.axes.map((own) => (own.name === axis ? { name: axis, extent } : own)));
};

/** A pad by nothing */
const padNothing: Rule<"pad"> = ({ operands: [x], attributes: { before, after } }) =>
  before === 0 && after === 0 ? x : undefined;

/** pad(pad x) → pad x */
const padTwice: Rule<"pad"> = ({ operands: [x], attributes: { axis, before, after } }, b) =>
  x!.kind === "pad" && x!.attributes.axis === axis
    ? b.pad(x!.operands[0]!, axis, before + x!.attributes.before, after + x!.attributes.after)
    : undefined;

/** pad(broadcast x) → broadcast(pad x) */
const padBroadcast: Rule<"pad"> = ({ operands: [x], attributes: { axis, before, after } }, b) => {
  if (x!.kind !== "broadcast") return undefined;
  if (isZero(x!)) return zeros(x!, axis, before + extentOf(x!.type, axis) + after, b);
  const inner = x!.operands[0]!;
  return hasAxis(inner.type, axis) ? b.broadcast(b.pad(inner, axis, before, after), x!.attributes.axes) : undefined;
};

/** A concatenation of one */
const concatenateOne: Rule<"concatenate"> = ({ operands }) => (operands.length === 1 ? operands[0] : undefined);

/** concatenate(concatenate(x, y), z) → concatenate(x, y, z) */
const concatenateFlat: Rule<"concatenate"> = ({ operands, attributes: { axis } }, b) => {
  const isNested = (part: Op) => part.kind === "concatenate" && part.attributes.axis === axis;
  return operands.some(isNested)
    ? b.concatenate(operands.flatMap((part) => (isNested(part) ? part.operands : [part])), axis)
    : undefined;
};

/** Adjacent slices of one value → one slice of it; adjacent repetitions of one value → one longer */
const concatenateNeighbours: Rule<"concatenate"> = ({ operands, attributes: { axis } }, b) => {
  const parts: Op[] = [];
  for (const part of operands) {
    const last = parts.at(-1);
    const both = last === undefined ? undefined : asOne(last, part, axis, b);
    if (both === undefined) parts.push(part);
    else parts[parts.length - 1] = both;
  }
  return parts.length < operands.length ? b.concatenate(parts, axis) : undefined;
};

function asOne(left: Op, right: Op, axis: string, b: Build): Op | undefined {
  if (left.operands[0] !== right.operands[0]) return undefined;
  if (left.kind === "slice" && right.kind === "slice") {
    const [first, second] = [left.attributes, right.attributes];
    if (first.axis !== axis || second.axis !== axis || first.start + first.extent !== second.start) return undefined;
    return b.slice(left.operands[0]!, axis, first.start, first.extent + second.extent);
  }
  if (left.kind !== "broadcast" || right.kind !== "broadcast" || hasAxis(left.operands[0]!.type, axis)) return undefined;
  const extent = extentOf(left.type, axis) + extentOf(right.type, axis);
  return b.broadcast(left.operands[0]!, left.attributes.axes.map((own) => (own.name === axis ? { name: axis, extent } : own)));
}

/** Zeros at the ends of a concatenation → pad */
const concatenateZeros: Rule<"concatenate"> = ({ operands, attributes: { axis } }, b) => {
  const [first, last] = [operands[0]!, operands.at(-1)!];
  const [before, after] = [first, last].map((part) => (isZero(part) ? extentOf(part.type, axis) : 0)) as [number, number];
  if (before === 0 && after === 0) return undefined;
  const inner = operands.slice(before > 0 ? 1 : 0, after > 0 ? -1 : operands.length);
  return b.pad(b.concatenate(inner, axis), axis, before, after);
};

export const structureRules: {
  readonly [K in "broadcast" | "rename" | "split" | "merge" | "slice" | "pad" | "concatenate"]: readonly Rule<K>[];
} = {
  broadcast: [broadcastTwice],
  rename: [renameOnce, renameBroadcast],
  split: [splitMerged, splitBroadcast],
  merge: [mergeSplit, mergeBroadcast],
  slice: [sliceAll, sliceTwice, sliceConcatenated, slicePadded, sliceBroadcast],
  pad: [padNothing, padTwice, padBroadcast],
  concatenate: [concatenateFlat, concatenateNeighbours, concatenateOne, concatenateZeros],
};
