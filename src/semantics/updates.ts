/** The update of the parameters: each by the optimizer that the recipe selects for it. */

import { diagnostic } from "../diagnostics/diagnostic.js";
import type { Op, Role } from "../ir/program.js";
import { withLeading } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { Instance } from "./frame.js";
import { type Ask, updateTogether } from "./gathering.js";
import { keep } from "./initial.js";
import { runOptimizer } from "./optimizers.js";
import type { Recipe, Selector } from "./recipes.js";
import { atTheCall } from "./run.js";
import type { Gradients } from "./second-gradients.js";
import { roles, selects } from "./selectors.js";
import type { CallableValue, Value } from "./values.js";

/** Whether a selector of a recipe means a parameter. */
function isSelected({ path }: Selector, name: string, role: Role): boolean {
  return selects(path.segments, name, role);
}

/** The optimizer line that updates a parameter, or undefined when it is frozen. */
export function optimizerFor(recipe: Recipe, name: string, role: Role): Recipe["optimizers"][number] | undefined {
  if (recipe.frozen.some((selector) => isSelected(selector, name, role))) return undefined;
  return recipe.optimizers.findLast((line) => line.at.length === 0 || line.at.some((selector) => isSelected(selector, name, role)));
}

/** Reports every selector that no parameter answers to. */
export function checkSelectors(e: Elaborator, recipe: Recipe, parameters: ReadonlyMap<string, Role>): void {
  for (const selector of [...recipe.frozen, ...recipe.optimizers.flatMap((line) => line.at)]) {
    if ([...parameters].some(([name, role]) => isSelected(selector, name, role))) continue;
    const help = `select by role (${roles.map((role) => `\`${role}\``).join(", ")}) or by a part of the name, such as \`${[...parameters.keys()][0] ?? "logits.weight"}\``;
    e.report(diagnostic("N0503", selector.place, `no parameter is selected by \`${selector.path.segments.join(".")}\``, { help }));
  }
}

/** What the update of one step needs to know. */
export interface StepValues {
  readonly rate: Op;
  /** The number of this update, counted from 1, as an f32 scalar. */
  readonly count: Op;
}

/** A parameter that an optimizer line updates. */
export interface Trained {
  readonly name: string;
  readonly role: Role;
  readonly line: Recipe["optimizers"][number];
  readonly value: Op;
  readonly gradient: Op;
}

/** Builds the updates of all parameters; their new values are left in `e.updated`. */
export function buildUpdates(e: Elaborator, recipe: Recipe, trained: readonly Trained[], roleOf: ReadonlyMap<string, Role>, { rate, count }: StepValues, gradients: Gradients): void {
  const byName = new Map(trained.map((parameter) => [parameter.name, parameter]));
  const parameters = [...roleOf].map(([name, role]) => ({ name, role }));
  const common = new CommonValues(e, [rate, count]);
  const update = (name: string, ask: Ask) => {
    const { role, line, value, gradient } = byName.get(name)!;
    const { optimizer } = line;
    e.builder.position = { place: name, phase: "update" };
    const given = withLeading(optimizer, [e.tensor(value), e.tensor(gradient), e.tensor(rate)], line.place);
    e.optimizing = { parameter: { name, role }, parameters, count: e.tensor(count), instance: new Instance(name), ask, isCommon: (op) => common.has(op) };
    try {
      const next = atTheCall(recipe.frame, optimizer, line.place, () => runOptimizer(e, recipe.frame, given, line.place));
      e.updated.set(name, keep(e, e.slots.parameters.get(name)!, next.op));
    } finally {
      e.optimizing = undefined;
      e.conditions.length = 0;
    }
  };
  updateTogether([...byName.keys()], update, (question, values, where) => {
    e.builder.position = { place: "optimizer", phase: "update" };
    switch (question) {
      case "total": {
        const sum = [...values.values()].reduce((a, b) => e.b.add(a, b));
        common.add(sum);
        return new Map([...values.keys()].map((name) => [name, sum]));
      }
      case "gradient_at":
        return gradients.at(values);
      case "example_gradients":
        return gradients.perExample([...values.keys()], where);
    }
  });
}

/** Numbers that do not differ from parameter to parameter: made of the step, of sums over all parameters and of shared states. */
class CommonValues {
  private readonly known = new Map<Op, boolean>();
  constructor(
    private readonly e: Elaborator,
    given: readonly Op[],
  ) {
    given.forEach((op) => this.add(op));
  }

  add(op: Op): void {
    this.known.set(op, true);
  }

  has(op: Op): boolean {
    const known = this.known.get(op);
    if (known !== undefined) return known;
    const isSource = op.kind === "parameter" || op.kind === "input" || op.kind === "random" || op.kind === "cotangent";
    const result = op.kind === "state" ? this.e.slots.states.get(op.attributes.slot)?.owner === "optimizer" && op.type.axes.length === 0 : !isSource && op.operands.every((operand) => this.has(operand));
    this.known.set(op, result);
    return result;
  }
}

/** The schedule's rate as an f32 scalar, from the inputs `step` and `steps`. */
export function buildRate(e: Elaborator, recipe: Recipe, step: Op, steps: Op): Op {
  const callable: CallableValue = withLeading(recipe.schedule, [e.tensor(step), e.tensor(steps)], recipe.schedulePlace);
  const frame = { ...recipe.frame, instance: new Instance("schedule") };
  const value: Value = e.language.run(e, frame, callable, recipe.schedulePlace);
  if (value.kind === "number") return e.b.constant(value.value);
  if (value.kind === "tensor" && value.op.type.axes.length === 0) return e.b.cast(value.op, "f32");
  return fail("N0208", recipe.schedulePlace, `the schedule \`${callable.definition.name.name}\` returns no single number`);
}
