/** Functions that move elements by computed indices. */

import { hasAxis } from "../../ir/types.js";
import { fail } from "../errors.js";
import * as tensors from "../tensors.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";
import { requireAxis } from "../expressions.js";
import { place } from "../modules.js";

/** `take(table, ids along vocabulary)`: axes that both have, other than that one, are aligned. */
const take: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "take", node, { positional: [2, 2], clauses: ["along"] });
  return args.build(() => {
    const [table, ids] = [args.tensor(0), args.tensor(1)];
    const { clause } = args;
    const axis = clause?.axes[0];
    if (clause === undefined || axis === undefined) return fail("N0207", args.where, "`take` must be told an axis of the table", { help: "write `take(table, ids along vocabulary)`" });
    const name = (frame.axisNames.get(axis.name.name) ?? [axis.name.name])[0]!;
    requireAxis(table, name, place(frame.module.source, axis));
    if (ids.op.type.dtype !== "i32") fail("N0303", args.placeOf(1), "`take` takes whole numbers as indices", { help: "`integer(x)` makes them" });
    const rest = table.op.type.axes.filter((own) => own.name !== name).map((own) => own.name);
    const clash = ids.op.type.axes.find((own) => rest.includes(own.name) && table.op.type.axes.some((other) => other.name === own.name && other.extent !== own.extent));
    if (clash !== undefined) fail("N0302", args.where, `axis \`${clash.name}\` of the indices and of the table have different extents`);
    const op = e.b.take(table.op, ids.op, name);
    const masks = table.masks.map((mask) => (hasAxis(mask.type, name) ? e.b.take(mask, ids.op, name) : mask));
    return { ...e.tensor(op, [...new Set([...masks, ...ids.masks])]), ...(name === "token" ? {} : tensors.groupsOf([ids], op)) };
  });
};

/** `argsort(x along token)`: the order that sorts upwards; of a permutation, its inverse. */
const argsort: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "argsort", node, { positional: [1, 1], clauses: ["along"] });
  return args.build(() => {
    const value = args.tensor(0);
    const axis = args.axis(value);
    if (value.op.type.dtype === "bool") fail("N0303", args.placeOf(0), "`argsort` takes numbers, not a condition", { help: "`float(x)` makes 0 and 1 of a condition" });
    // What is not valid goes last.
    const valid = value.masks.filter((mask) => hasAxis(mask.type, axis));
    const last = e.b.constant(value.op.type.dtype === "f32" ? Infinity : 2 ** 31 - 1, value.op.type.dtype);
    const op = valid.length === 0 ? value.op : e.b.select(valid.reduce((a, b) => e.b.binary("and", a, b)), value.op, last);
    return e.tensor(e.b.argsort(op, axis), value.masks.filter((mask) => !valid.includes(mask)));
  });
};

export const indexingIntrinsics: Readonly<Record<string, Intrinsic>> = { take, argsort };
