/** Random numbers: named by their place, so that every target draws the same. */

import { fail } from "../errors.js";
import * as tensors from "../tensors.js";
import { number } from "../values.js";
import { Arguments } from "./arguments.js";
import type { Intrinsic } from "./index.js";

/** A draw for each element of `x`: uniform in [0, 1), or normal with mean 0 and deviation 1. */
function like(name: "uniform_like" | "normal_like", distribution: "uniform" | "normal"): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    return args.build(() => {
      const x = args.tensor(0);
      const stream = e.stream(frame.instance.path);
      const op = e.builder.add("random", [], { distribution, stream, axes: x.op.type.axes });
      return { ...e.tensor(op, x.masks), ...tensors.groupsOf([x], op) };
    });
  };
}

/** The number of values that one output of the parameter's contraction sums, or that one input feeds. */
function fan(name: "fan_in" | "fan_out"): Intrinsic {
  return (e, frame, node) => {
    const args = new Arguments(e, frame, name, node, { positional: [1, 1] });
    const x = args.tensor(0);
    const fans = e.fans.get(x.op);
    if (fans === undefined) {
      return fail("N0316", args.where, `\`${name}\` is known only of a parameter that a \`dot\` contracts`, { help: "use `~ normal(0.02)`, or a constant" });
    }
    return number(name === "fan_in" ? fans.in : fans.out);
  };
}

export const randomIntrinsics: Readonly<Record<string, Intrinsic>> = {
  uniform_like: like("uniform_like", "uniform"),
  normal_like: like("normal_like", "normal"),
  fan_in: fan("fan_in"),
  fan_out: fan("fan_out"),
};
