/** Functions that rearrange axes. */

import type { Op } from "../../ir/program.js";
import { type Axis, extentOf, hasAxis } from "../../ir/types.js";
import { fail } from "../errors.js";
import { requireAxis, wholeOf } from "../expressions.js";
import { place } from "../modules.js";
import * as tensors from "../tensors.js";
import type { TensorValue } from "../values.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";

/** Applies to the tensor and to those of its masks that have the axes. */
function onMasks(value: TensorValue, axes: readonly string[], action: (op: Op) => Op): TensorValue {
  const change = (op: Op) => (axes.every((axis) => hasAxis(op.type, axis)) ? action(op) : op);
  const { groups: _, ...rest } = value;
  return { ...rest, op: change(value.op), masks: value.masks.map(change) };
}

/** `split(x, feature into group: 8, channel)`: one extent may be left out. */
const split: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "split", node, { positional: [2, 2], clauses: ["into"] });
  const { clause } = args;
  const from = args.at(1).value;
  if (clause === undefined || from.kind !== "Name") {
    return fail("N0207", args.where, "`split` names an axis and the axes that it becomes", { help: "write `split(x, feature into group: 8, channel)`" });
  }
  const value = args.tensor(0);
  requireAxis(value, from.name, place(frame.module.source, from));
  const whole = extentOf(value.op.type, from.name);
  const given = clause.axes.map((axis) => ({ name: axis.name.name, extent: axis.extent && wholeOf(e, frame, axis.extent, `the extent of \`${axis.name.name}\``) }));
  const product = given.reduce((total, axis) => total * (axis.extent ?? 1), 1);
  const open = given.filter((axis) => axis.extent === undefined);
  const where = place(frame.module.source, clause);
  if (open.length > 1) return fail("N0307", where, `only one of the extents of \`${from.name}\` can be left out`);
  if (whole % product !== 0 || (open.length === 0 && product !== whole)) {
    return fail("N0308", where, `${product} does not ${open.length === 0 ? "make" : "divide"} ${whole}, the extent of \`${from.name}\``, {
      help: open.length === 0 ? `their product must be ${whole}` : `choose a divisor of ${whole}`,
    });
  }
  const into = given.map((axis): Axis => ({ name: axis.name, extent: axis.extent ?? whole / product }));
  const clash = into.find((axis, i) => (axis.name !== from.name && hasAxis(value.op.type, axis.name)) || into.some((other, j) => j < i && other.name === axis.name));
  if (clash !== undefined) fail("N0310", where, `the tensor would have two axes \`${clash.name}\``);
  return args.build(() => {
    const result = onMasks(value, [from.name], (op) => e.b.split(op, from.name, into));
    return from.name === "token" ? result : { ...result, ...tensors.groupsOf([value], result.op) };
  });
};

/** `merge(x, group, channel into feature)`: the first named axis varies slowest. */
const merge: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "merge", node, { positional: [2, Infinity], clauses: ["into"] });
  const { clause } = args;
  const into = clause?.axes[0]?.name.name;
  if (clause === undefined || into === undefined || clause.axes.length !== 1) {
    return fail("N0207", args.where, "`merge` names axes and the one axis that they become", { help: "write `merge(x, group, channel into feature)`" });
  }
  const value = args.tensor(0);
  const names = args.positional.slice(1).map((arg) => {
    const where = place(frame.module.source, arg);
    if (arg.value.kind !== "Name") return fail("N0301", where, "`merge` takes the names of axes");
    requireAxis(value, arg.value.name, where);
    return arg.value.name;
  });
  if (new Set(names).size < names.length) fail("N0310", args.where, "an axis is named twice");
  if (hasAxis(value.op.type, into) && !names.includes(into)) fail("N0310", place(frame.module.source, clause), `the tensor would have two axes \`${into}\``);
  return args.build(() => {
    const parts = names.map((name) => ({ name, extent: extentOf(value.op.type, name) }));
    // A mask that has some of the axes must have them all before they become one.
    const masks = value.masks.map((mask) => (names.some((name) => hasAxis(mask.type, name)) ? e.b.broadcast(mask, parts) : mask));
    const result = onMasks({ ...value, masks }, names, (op) => e.b.merge(op, names, into));
    return names.includes("token") || into === "token" ? result : { ...result, ...tensors.groupsOf([value], result.op) };
  });
};

/** `slice(x along token, from: 0, size: 4)`. */
const slice: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "slice", node, { positional: [1, 1], named: ["from", "size"], clauses: ["along"] });
  return args.build(() => {
    const value = args.tensor(0);
    const axis = args.axis(value);
    const [start, extent] = [args.number("from", 0), args.whole("size")];
    if (!Number.isInteger(start) || start < 0 || start + extent > extentOf(value.op.type, axis)) {
      fail("N0315", args.where, `${start} to ${start + extent} is outside \`${axis}\`, which has ${extentOf(value.op.type, axis)}`);
    }
    const result = tensors.sliced(e, value, axis, start, extent);
    return axis === "token" || value.groups === undefined ? result : { ...result, groups: value.groups };
  });
};

/** `concatenate(x, y along token)`. */
const concatenate: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "concatenate", node, { positional: [1, Infinity], clauses: ["along"] });
  return args.build(() => {
    const parts = args.positional.map((_, i) => args.tensor(i));
    const axis = args.axis(parts.at(-1)!);
    parts.forEach((part, i) => requireAxis(part, axis, args.placeOf(i)));
    const others = parts.map((part, i) => ({ value: e.tensor(part.op.type.axes.length === 0 ? part.op : tensors.sliced(e, part, axis, 0, 1).op), place: args.placeOf(i) }));
    tensors.checkAligned(others, args.where);
    return tensors.concatenated(e, parts, axis);
  });
};

/** `broadcast(x, y)`: `x` repeated along the axes of `y` that it lacks. */
const broadcast: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "broadcast", node, { positional: [2, 2] });
  return args.build(() => {
    const [x, y] = [args.tensor(0), args.tensor(1)];
    tensors.checkAligned([{ value: x, place: args.placeOf(0) }, { value: y, place: args.placeOf(1) }], args.where);
    const op = e.b.broadcast(x.op, y.op.type.axes);
    return { ...e.tensor(op, tensors.masksOf([x, y])), ...tensors.groupsOf([y], op) };
  });
};

export const structureIntrinsics: Readonly<Record<string, Intrinsic>> = { split, merge, slice, concatenate, broadcast };
