/** Reductions and the dot product. */

import { similarHelp } from "../../diagnostics/similar.js";
import { type Axis, extentOf, hasAxis } from "../../ir/types.js";
import { fail } from "../errors.js";
import { place } from "../modules.js";
import * as tensors from "../tensors.js";
import { type TensorValue, type Value, number } from "../values.js";
import { Arguments } from "./arguments.js";
import { extreme } from "./elementwise.js";
import type { Intrinsic } from "./index.js";

function reduction(name: string, reduce: (args: Arguments, value: TensorValue, axes: readonly string[]) => Value): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1], clauses: ["over", "except"] });
    return args.build(() => {
      const value = args.tensor(0);
      if (value.op.type.dtype === "bool") fail("N0303", args.placeOf(0), `\`${name}\` takes numbers, not a condition`, { help: "`float(x)` makes 0 and 1 of a condition" });
      return reduce(args, value, args.axes(value));
    });
  };
}

/** With axes a reduction, with two arguments the larger or smaller of them. */
function either(name: "max" | "min", whole: Intrinsic): Intrinsic {
  return (e, frame, node) => {
    const isReduction = node.arguments.some((arg) => arg.clause !== undefined) || node.arguments.length === 1;
    return isReduction ? whole(e, frame, node) : extreme(name)(e, frame, node);
  };
}

const sum = reduction("sum", ({ e }, value, axes) => tensors.sumOver(e, value, axes));
const mean = reduction("mean", ({ e }, value, axes) => tensors.meanOver(e, tensors.converted(e, value, "f32"), axes));
const max = reduction("max", ({ e }, value, axes) => tensors.maxOver(e, value, axes));
const min = reduction("min", ({ e }, value, axes) => {
  const negated = (x: TensorValue) => tensors.elementwise(e, [x], (op) => e.b.neg(op));
  return negated(tensors.maxOver(e, negated(value), axes));
});
const count = reduction("count", ({ e }, value, axes) => {
  const counted = tensors.countOver(e, value, axes);
  return typeof counted === "number" ? number(counted) : counted;
});

/** An axis by its name alone, of the arguments of the enclosing definition, or `x over axis`. */
function axisArgument(args: Arguments): readonly Axis[] {
  if (args.clause !== undefined) {
    const value = args.tensor(0);
    return args.axes(value).map((name) => ({ name, extent: extentOf(value.op.type, name) }));
  }
  const { value } = args.at(0);
  const where = args.placeOf(0);
  if (value.kind !== "Name") return fail("N0301", where, `\`${args.name}\` takes the name of an axis, or \`x over axis\``);
  return (args.frame.axisNames.get(value.name) ?? [value.name]).map((name) => {
    const extent = args.frame.axes.get(name);
    if (extent === undefined) {
      const help = similarHelp(name, args.frame.axes.keys()) ?? `say whose axis it is: \`${args.name}(x over ${name})\``;
      return fail("N0307", where, `no axis \`${name}\` is known here`, { help });
    }
    if (extent === "conflict") return fail("N0307", where, `axis \`${name}\` has several extents here`, { help: `say whose: \`${args.name}(x over ${name})\`` });
    return { name, extent };
  });
}

/** The extent of an axis, a number known at compile time. */
const size: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "size", node, { positional: [1, 1], clauses: ["over"] });
  return number(axisArgument(args).reduce((product, axis) => product * axis.extent, 1));
};

/** 0, 1, 2, … along an axis. */
const index: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "index", node, { positional: [1, 1], clauses: ["over"] });
  const axes = axisArgument(args);
  if (axes.length !== 1) return fail("N0301", args.where, `\`index\` counts along one axis, not ${axes.length}`);
  return args.build(() => e.tensor(e.b.iota(axes[0]!.name, axes[0]!.extent)));
};

/** `dot(x, y over axes)`: shared axes that are not named stay; both must have those that are named. */
const dot: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "dot", node, { positional: [2, 2], clauses: ["over"] });
  const { clause } = args;
  if (clause === undefined) return fail("N0207", args.where, "`dot` must be told the axes to sum over", { help: "write `dot(x, y over feature)`, say" });
  return args.build(() => {
    const values = [0, 1].map((i) => ({ value: args.value(i), place: args.placeOf(i) }));
    const pending = values.map(({ value, place: at }) => {
      if (tensors.isTensorLike(value)) return { value, place: at };
      return fail("N0208", at, "`dot` takes two tensors");
    });
    const [x, y] = tensors.settleAll(pending).map((value) => tensors.converted(e, value, "f32"));
    const axes = clause.axes.flatMap((axis) => frame.axisNames.get(axis.name.name) ?? [axis.name.name]);
    [x!, y!].forEach((value, i) => {
      for (const axis of axes) {
        if (hasAxis(value.op.type, axis)) continue;
        const own = value.op.type.axes.map((known) => known.name);
        const help = similarHelp(axis, own) ?? `its axes are ${own.map((known) => `\`${known}\``).join(", ") || "none"}`;
        fail("N0301", place(frame.module.source, clause), `the ${i === 0 ? "first" : "second"} tensor has no axis \`${axis}\``, {
          related: [{ place: values[i]!.place, label: "this one" }],
          help,
        });
      }
    });
    tensors.checkAligned([x!, y!].map((value, i) => ({ value, place: values[i]!.place })), args.where);
    e.checkSize([...x!.op.type.axes, ...y!.op.type.axes.filter((axis) => !hasAxis(x!.op.type, axis.name))].filter((axis) => !axes.includes(axis.name)), args.where);
    return tensors.dot(e, x!, y!, [...new Set(axes)]);
  });
};

export const reductionIntrinsics: Readonly<Record<string, Intrinsic>> = {
  sum,
  mean,
  count,
  max: either("max", max),
  min: either("min", min),
  size,
  index,
  dot,
};
