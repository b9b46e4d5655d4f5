/** What an overview is of: a recipe that was compiled, or a model that no recipe trains. */

import type { Compiled } from "../../compiler/compile.js";
import type { Op, Program } from "../../ir/program.js";
import type { Elaborator } from "../../semantics/elaborator.js";
import type { Recipe } from "../../semantics/recipes.js";
import { type Cost, cost } from "../../transform/cost.js";
import { makeEntry } from "../../transform/entry.js";
import { simplify } from "../../transform/simplify.js";

export interface Subject {
  /** The recipe's name, or the model's. */
  readonly name: string;
  readonly elaborator: Elaborator;
  readonly program: Program;
  readonly cost: Cost;
  readonly recipe?: Recipe;
}

export function subjectOfRecipe({ recipe, training, program, cost: costs }: Compiled): Subject {
  return { name: recipe.name, elaborator: training, program, cost: costs, recipe };
}

/** A model by itself has a forward pass alone, and roles are known only of what norms own. */
export function subjectOfModel(name: string, elaborator: Elaborator): Subject {
  const { slots, builder, losses, reports, updated } = elaborator;
  const results = new Map<string, Op>([
    ...losses.map(({ value }, i): [string, Op] => [i === 0 ? "loss" : `loss_${i + 1}`, value.op]),
    ...reports.map(({ name: report, value }): [string, Op] => [report, value.op]),
  ]);
  const forward = makeEntry("forward", slots, builder.operations, results, updated);
  const program = simplify({
    name,
    precision: "single",
    parameters: [...slots.parameters.values()].map(({ name: slot, type, isNorm }) => ({ name: slot, type, role: isNorm ? "norm" : "weight" })),
    states: [...slots.states.values()].map(({ name: slot, type, owner }) => ({ name: slot, type, owner })),
    inputs: [...slots.inputs.values()],
    entries: new Map([["forward", forward]]),
  });
  return { name, elaborator, program, cost: cost(program) };
}

/** The entry whose costs are shown: a training step, or the forward pass where there is no recipe. */
export function shownEntry({ recipe }: Subject): "step" | "forward" {
  return recipe === undefined ? "forward" : "step";
}
