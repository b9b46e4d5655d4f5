/** Further gradients in one step: the model is written out again with other values in the place of its parameters. */

import type { Place } from "../diagnostics/diagnostic.js";
import type { Op } from "../ir/program.js";
import type { Elaborator } from "./elaborator.js";
import { CheckError } from "./errors.js";
import { coupled, coupling } from "./rules/recipe.js";

/** What makes them. All are gradients of the loss of the step's batch, with the same random numbers as in the first pass. */
export interface Gradients {
  /** The gradients where the named parameters have these values, by those values. */
  at(values: ReadonlyMap<string, Op>): Map<string, Op>;
  /**
   * For each of these parameters the gradient of every example's own loss, with the axis `batch` before the parameter's.
   * @throws CheckError when the model couples the examples
   */
  perExample(names: readonly string[], where: Place): Map<string, Op>;
}

/**
 * @param e the elaborator of the training program, to which the operations are added. States keep the values of the first pass.
 * @param again runs the model in an elaborator that writes behind `e`, and gives its loss
 * @param derive the gradients of a loss by some of the program's values
 */
export function secondGradients(e: Elaborator, again: (substitutes: ReadonlyMap<string, (parameter: Op) => Op>) => Op, derive: (loss: Op, sources: readonly Op[]) => Op[]): Gradients {
  const pass = (values: ReadonlyMap<string, Op>): Map<string, Op> => {
    const before = e.builder.position;
    e.builder.position = { place: "", phase: "forward" };
    // Differentiation tells values apart by their operations: a parameter that stays what it is must be another one than before.
    const sources = new Map([...values].map(([name, value]) => [name, e.b.stop(value)]));
    const loss = again(new Map([...sources].map(([name, source]) => [name, () => source])));
    const gradients = derive(loss, [...sources.values()]);
    e.builder.position = before;
    return new Map([...sources.keys()].map((name, i) => [name, gradients[i]!]));
  };
  return {
    at: pass,
    perExample(names, where) {
      const site = coupling(e);
      if (site !== undefined) throw new CheckError(coupled(site, where, "this"));
      const batch = { name: "batch", extent: e.batch };
      const spread = names.map((name): [string, Op] => {
        const own = e.builder.add("parameter", [], { slot: name });
        return [name, e.b.broadcast(own, [batch, ...own.type.axes])];
      });
      // The loss is a mean over the examples, so that each of these is its share of it.
      return new Map([...pass(new Map(spread))].map(([name, gradient]) => [name, e.b.scale(gradient, e.batch)]));
    },
  };
}
