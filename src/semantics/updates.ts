/** The update of the parameters: each by the optimizer that the recipe selects for it. */

import { diagnostic } from "../diagnostics/diagnostic.js";
import type { Op, Role } from "../ir/program.js";
import type * as ast from "../syntax/ast.js";
import { frameFor, requireComplete, withLeading } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import { Instance } from "./frame.js";
import { place } from "./modules.js";
import type { Recipe, Selector } from "./recipes.js";
import { atTheCall } from "./run.js";
import { segmentsMatch } from "./site-paths.js";
import { runStatements } from "./statements.js";
import type { CallableValue, Value } from "./values.js";

export const roles: readonly Role[] = ["norm", "bias", "weight", "embedding"];

/** Whether a selector means a parameter: by its role, or by segments of its name. */
export function selects(selector: Selector, name: string, role: Role): boolean {
  const { segments } = selector.path;
  if (segments.length === 1 && segments[0] === role) return true;
  return segmentsMatch(segments, name.split("."));
}

/** The optimizer line that updates a parameter, or undefined when it is frozen. */
export function optimizerFor(recipe: Recipe, name: string, role: Role): Recipe["optimizers"][number] | undefined {
  if (recipe.frozen.some((selector) => selects(selector, name, role))) return undefined;
  return recipe.optimizers.findLast((line) => line.at.length === 0 || line.at.some((selector) => selects(selector, name, role)));
}

/** Reports every selector that no parameter answers to. */
export function checkSelectors(e: Elaborator, recipe: Recipe, parameters: ReadonlyMap<string, Role>): void {
  for (const selector of [...recipe.frozen, ...recipe.optimizers.flatMap((line) => line.at)]) {
    if ([...parameters].some(([name, role]) => selects(selector, name, role))) continue;
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

/** Builds the update of one parameter; its new value is left in `e.updated`. */
export function buildUpdate(e: Elaborator, recipe: Recipe, line: Recipe["optimizers"][number], parameter: { name: string; value: Op; gradient: Op }, values: StepValues): void {
  const { optimizer } = line;
  const { definition, module } = optimizer;
  e.builder.position = { place: parameter.name, phase: "update" };
  const [p, g] = [e.tensor(parameter.value), e.tensor(parameter.gradient)];
  const given = withLeading(optimizer, [p, g, e.tensor(values.rate)], line.place);
  requireComplete(given, line.place);
  const instance = new Instance(`${parameter.name}.${definition.name.name}`);
  const frame = frameFor(e, recipe.frame, given, instance);
  const [parameterName] = definition.parameters!.map((own) => own.name.name);
  frame.names.delete(parameterName!);
  frame.cells.set(parameterName!, { slot: parameter.name, owner: "parameter", current: p });
  frame.names.set("t", e.tensor(values.count));
  const state = (node: ast.Statement): boolean => {
    if (node.kind !== "State") return false;
    if (node.axes.length > 0) fail("N0210", place(module.source, node), "a state of an optimizer has the axes of the parameter", { help: "leave the axes out" });
    const first = e.language.evaluate(e, frame, node.value);
    const start = first.kind === "number" ? first.value : fail("N0208", place(module.source, node.value), "a state's first value is a number");
    const slot = instance.claim(node.name.name);
    const type = { dtype: "f32" as const, axes: e.slots.slot(parameter.name).axes };
    e.slots.states.set(slot, { name: slot, type, place: place(module.source, node), owner: "optimizer", value: start });
    frame.cells.set(node.name.name, { slot, owner: "optimizer", current: e.tensor(e.builder.add("state", [], { slot })) });
    return true;
  };
  atTheCall(recipe.frame, optimizer, line.place, () => runStatements(e, frame, definition.body, state));
  if (e.hasFailed) throw new Silent();
  if (!e.updated.has(parameter.name)) {
    fail("N0311", line.place, `the optimizer \`${definition.name.name}\` never updates its parameter`, {
      related: [{ place: place(module.source, definition.name), label: `no line \`${parameterName} <- …\`` }],
    });
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
