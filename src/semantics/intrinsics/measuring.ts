/** What only a measure computes: gradients by values of the model, and singular values. */

import type { TensorValue } from "../values.js";
import { fail } from "../errors.js";
import type { Measuring } from "../measures/measuring.js";
import { place } from "../modules.js";
import * as tensors from "../tensors.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";
import { optimizingIntrinsics } from "./optimizing.js";

function measuringAt(args: Arguments): Measuring {
  return args.e.measuring ?? fail("N0210", args.where, `\`${args.name}\` does not belong here`, { help: "it belongs in a measure" });
}

/** `gradient(x)`: of the loss, by a value of the model; `gradient(p along token)`: by each position's share of a parameter. */
const gradient: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "gradient", node, { positional: [1, 1], clauses: ["along"] });
  const measuring = measuringAt(args);
  const { clause } = args;
  return args.build(() => {
    const x = args.tensor(0);
    if (clause === undefined) return measuring.gradient(x, args.placeOf(0));
    const [axis, another] = clause.axes.flatMap(({ name }) => frame.axisNames.get(name.name) ?? [name.name]);
    if (axis === undefined || another !== undefined) fail("N0301", place(frame.module.source, clause), "`gradient` works along one axis");
    return measuring.gradientAlong(x, axis!, args.placeOf(0));
  });
};

/** `example_gradients(p)`: of each example's own loss, by a parameter. Optimizers have a function of that name too. */
const exampleGradients: Intrinsic = (e, frame, node) => {
  if (e.measuring === undefined) return optimizingIntrinsics["example_gradients"]!(e, frame, node);
  const args = new Arguments(e, frame, "example_gradients", node, { positional: [1, 1] });
  return args.build(() => measuringAt(args).exampleGradients(args.tensor(0), args.placeOf(0)));
};

/** `singular_values(x over feature)`: of the matrix with these axes on one side and all others on the other, along `value`. */
const singularValues: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "singular_values", node, { positional: [1, 1], clauses: ["over", "except"] });
  measuringAt(args);
  return args.build((): TensorValue => {
    const x = tensors.converted(e, args.tensor(0), "f32");
    const names = x.op.type.axes.map((axis) => axis.name);
    const columns = args.clause === undefined ? [] : args.axes(x);
    const rows = names.filter((name) => !columns.includes(name));
    if (columns.length === 0 || rows.length === 0) {
      return fail("N0207", args.where, "`singular_values` must be told the axes of one side of the matrix, and not all", { help: "write `singular_values(x over feature)`, say" });
    }
    if (x.masks.length > 0) fail("N0208", args.placeOf(0), "some of its elements are not valid, and a matrix has no holes", { help: "fill them first: `fill(x, 0)`" });
    return e.tensor(e.b.singularValues(e.b.merge(e.b.merge(x.op, rows, "matrix_rows"), columns, "matrix_columns"), "matrix_rows", "matrix_columns"));
  });
};

export const measuringIntrinsics: Readonly<Record<string, Intrinsic>> = {
  gradient,
  example_gradients: exampleGradients,
  singular_values: singularValues,
};
