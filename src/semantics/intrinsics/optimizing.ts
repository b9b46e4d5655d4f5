/** What an optimizer asks of the other parameters, and of its own parameter's name. */

import { sameAxes } from "../../ir/types.js";
import { fail } from "../errors.js";
import type { Optimizing, Question } from "../optimizers.js";
import { isRole, selects, selectorsOf } from "../selectors.js";
import * as tensors from "../tensors.js";
import { boolean, number } from "../values.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";

function optimizingAt(args: Arguments): Optimizing {
  return args.e.optimizing ?? fail("N0210", args.where, `\`${args.name}\` does not belong here`, { help: "it belongs in an optimizer" });
}

/** `total(x)`: the sum of a number over all parameters whose optimizer comes to this line. */
const total: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "total", node, { positional: [1, 1] });
  const { ask } = optimizingAt(args);
  const x = tensors.converted(e, args.tensor(0), "f32");
  if (x.op.type.axes.length > 0) fail("N0313", args.placeOf(0), "`total` takes one number of each parameter", { help: "take `sum(…)` of it" });
  return e.tensor(ask("total", x.op, args.where));
};

/**
 * `gradient_at(q)`: the parameter's gradient where all parameters that come to this line have the values that they give;
 * `example_gradients(p)`: the gradient for each example by itself, with the axis `batch`.
 */
function gradient(name: Exclude<Question, "total">): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    const { ask, parameter } = optimizingAt(args);
    const q = tensors.converted(e, args.tensor(0), "f32");
    if (!sameAxes(q.op.type.axes, e.slots.slot(parameter.name).axes)) fail("N0302", args.placeOf(0), `\`${name}\` takes a value with the axes of the parameter`);
    return e.tensor(ask(name, q.op, args.where));
  };
}

/** `selected("norm, logits")`: whether the parameter has one of these roles, or one of these parts in its name. */
const selected: Intrinsic = (e, frame, node) => {
  const args = new Arguments(e, frame, "selected", node, { positional: [1, 1] });
  const { parameter, parameters } = optimizingAt(args);
  const value = args.value(0);
  if (value.kind !== "text") return fail("N0208", args.placeOf(0), "`selected` takes a text of roles and names of parameters", { help: 'write `selected("norm, logits")`' });
  const selectors = selectorsOf(value.value);
  const nothing = selectors.find((selector) => !isRole(selector) && !parameters.some(({ name, role }) => selects(selector, name, role)));
  if (nothing !== undefined) {
    fail("N0503", args.placeOf(0), `no parameter is selected by \`${nothing.join(".")}\``, { help: `one of them is called \`${parameters[0]!.name}\`` });
  }
  return boolean(selectors.some((selector) => selects(selector, parameter.name, parameter.role)));
};

/**
 * `layer_number("encoder")`: for a parameter of the stack's layer i, counted from 0, i + 1; for the others one more than the
 * stack has layers. `layer_count("encoder")` is how many it has.
 */
function layers(name: "layer_number" | "layer_count"): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    const { parameter, parameters } = optimizingAt(args);
    const value = args.value(0);
    if (value.kind !== "text") return fail("N0208", args.placeOf(0), `\`${name}\` takes the name of a stack`, { help: `write \`${name}("encoder")\`` });
    const numberIn = (whole: string) => {
      const index = whole.startsWith(`${value.value}.`) ? /^\d+/.exec(whole.slice(value.value.length + 1))?.[0] : undefined;
      return index === undefined ? undefined : Number(index) + 1;
    };
    const depth = Math.max(0, ...parameters.map((known) => numberIn(known.name) ?? 0));
    if (depth === 0) fail("N0503", args.placeOf(0), `no stack with layers is called \`${value.value}\``);
    return number(name === "layer_count" ? depth : (numberIn(parameter.name) ?? depth + 1));
  };
}

export const optimizingIntrinsics: Readonly<Record<string, Intrinsic>> = {
  total,
  gradient_at: gradient("gradient_at"),
  example_gradients: gradient("example_gradients"),
  selected,
  layer_number: layers("layer_number"),
  layer_count: layers("layer_count"),
};
