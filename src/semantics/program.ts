/** From a recipe to a program: the model in both modes, its derivative, its update and its first values. */

import { differentiate } from "../transform/differentiate.js";
import { makeEntry } from "../transform/entry.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Builder } from "../ir/builder.js";
import { type Entry, type Op, type Program, type Role } from "../ir/program.js";
import { hasAxis } from "../ir/types.js";
import { type DeclaredParameter, Elaborator, type Mode, Slots } from "./elaborator.js";
import { Silent } from "./errors.js";
import { evaluate } from "./expressions.js";
import { buildInitial, fansOf, sourceParameter } from "./initial.js";
import { type Measures, elaborateMeasures } from "./measures/elaborate.js";
import { type LossScale, declareLossScale, guarded, unscaled } from "./loss-scaling.js";
import { runModel } from "./models.js";
import type { Modules } from "./modules.js";
import type { Recipe } from "./recipes.js";
import * as recipeRules from "./rules/recipe.js";
import { checkStatistics } from "./rules/statistics.js";
import { run } from "./run.js";
import { secondGradients } from "./second-gradients.js";
import { type StepValues, buildRate, buildUpdates, checkSelectors, optimizerFor } from "./updates.js";

export interface Elaborated {
  readonly program: Program;
  readonly training: Elaborator;
  readonly measurements: Measures["measurements"];
}

/** An elaborator for one entry of a program. */
export function makeElaborator(modules: Modules, slots: Slots, mode: "training" | "evaluation", batch: number, report: (found: Diagnostic) => void, builder?: Builder): Elaborator {
  return new Elaborator(modules, slots, mode, batch, report, { evaluate, run }, builder);
}

/**
 * Elaborates a recipe to a program with the entries `initialise`, `forward`, `step` and `evaluate`, and those of its measures; or to nothing when
 * mistakes were reported.
 */
export function elaborate(modules: Modules, recipe: Recipe, report: (found: Diagnostic) => void): Elaborated | undefined {
  let failed = false;
  const told = (found: Diagnostic) => {
    if (found.severity === "error") failed = true;
    report(found);
  };
  const slots = new Slots();
  const training = makeElaborator(modules, slots, "training", recipe.batch, told);
  const evaluation = makeElaborator(modules, slots, "evaluation", recipe.batch, told);
  for (const e of [training, evaluation]) {
    e.attempt(() => undefined, () => runModel(e, recipe.frame, recipe.model, recipe.modelPlace));
    if (failed || e.hasFailed) return undefined;
  }
  for (const name of ["step", "steps"]) slots.inputs.set(name, { name, type: { dtype: "f32", axes: [] } });
  // First the sum of the losses, which is part of the forward pass.
  const forwardResults = results(training);
  const forwardOperations = training.builder.operations.slice();
  const roleOf = rolesOf([...slots.parameters.values()], forwardOperations);
  const forwardUpdates = new Map(training.updated);

  checkStatistics(training).forEach(told);
  recipeRules.checkExampleGradients(training, recipe).forEach(told);

  const step = training.attempt<StepParts | undefined>(
    () => void (failed = true),
    () => {
      checkSelectors(training, recipe, roleOf);
      return buildStep(training, recipe, roleOf);
    },
  );
  const initial = makeElaborator(modules, slots, "training", recipe.batch, told);
  buildInitial(initial, fansOf(forwardOperations));
  const elaborator = (mode: Mode, behind?: Elaborator) => makeElaborator(modules, slots, mode, recipe.batch, told, behind?.builder);
  const { averages } = training;
  const setting = { recipe, elaborator, averages, report: told, ...(step?.lossScale !== undefined && { lossScale: step.lossScale }) };
  const measures = elaborateMeasures(setting, (examples) => makeElaborator(modules, new Slots(), "evaluation", examples, told));
  if (step === undefined) return undefined;

  const make = (name: string, operations: readonly Op[], results: ReadonlyMap<string, Op>, updates: ReadonlyMap<string, Op>) => makeEntry(name, slots, operations, results, updates);
  const averaged = training.averages.size === 0 ? evaluation : evaluationOfAverages(modules, recipe, slots, training.averages, told);
  const evaluated = results(averaged);
  const rate = make("rate", training.builder.operations, new Map([["rate", step.rate]]), new Map());
  const moved = withoutCotangents(forwardOperations, forwardUpdates);
  recipeRules.checkScaleInvariance(training, recipe, roleOf, forwardOperations, forwardResults.values()).forEach(told);
  recipeRules.checkWarmUp(training, recipe, rate).forEach(told);
  recipeRules.checkStates(training, moved, evaluation, evaluated.values()).forEach(told);
  if (failed) return undefined;

  const entries = [
    make("initialise", initial.builder.operations, new Map(), updatesIn(initial.builder.operations)),
    make("forward", forwardOperations, forwardResults, withoutCotangents(forwardOperations, forwardUpdates)),
    make("step", training.builder.operations, new Map([...results(training), ["rate", step.rate], ...training.stepReports]), step.updates),
    make("evaluate", averaged.builder.operations, evaluated, new Map()),
    ...measures.entries,
  ];
  return {
    training,
    measurements: measures.measurements,
    program: {
      name: recipe.name,
      precision: recipe.precision,
      parameters: [...slots.parameters.values()].map(({ name, type }) => ({ name, type, role: roleOf.get(name)! })),
      states: [...slots.states.values()].map(({ name, type, owner }) => ({ name, type, owner })),
      inputs: [...slots.inputs.values()],
      entries: new Map(entries.map((entry): [string, Entry] => [entry.name, entry])),
    },
  };
}

/** Evaluation with states of the optimizers in the place of parameters. */
function evaluationOfAverages(modules: Modules, recipe: Recipe, slots: Slots, averages: ReadonlyMap<string, string>, report: (found: Diagnostic) => void): Elaborator {
  const e = makeElaborator(modules, slots, "evaluation", recipe.batch, report);
  for (const [name, slot] of averages) e.substitutes.set(name, () => e.builder.add("state", [], { slot }));
  runModel(e, recipe.frame, recipe.model, recipe.modelPlace);
  return e;
}

/** The sum of the losses and the reports, by name. */
function results(e: Elaborator): Map<string, Op> {
  if (e.losses.length === 0) throw new Silent();
  const before = e.builder.position;
  e.builder.position = { place: "", phase: "forward" };
  const loss = e.losses.map(({ value }) => value.op).reduce((a, b) => e.b.add(a, b));
  e.builder.position = before;
  return new Map([["loss", loss], ...e.reports.map(({ name, value }): [string, Op] => [name, value.op])]);
}

interface StepParts {
  readonly rate: Op;
  readonly updates: ReadonlyMap<string, Op>;
  /** The state that holds it, in mixed precision. */
  readonly lossScale?: string;
}

/** Adds the backward pass and the updates to the training program. */
function buildStep(e: Elaborator, recipe: Recipe, roleOf: ReadonlyMap<string, Role>): StepParts {
  const loss = results(e).get("loss")!;
  // The states' new values go along as updates, so that those in a stated gradient are rebuilt with the real cotangent.
  for (const [slot, value] of e.updated) e.builder.add("update", [value], { slot });
  e.updated.clear();
  const trained = [...e.slots.parameters.values()].flatMap((parameter) => {
    const line = optimizerFor(recipe, parameter.name, roleOf.get(parameter.name)!);
    return line === undefined ? [] : [{ parameter, line, value: e.builder.add("parameter", [], { slot: parameter.name }) as Op }];
  });
  const scale: LossScale | undefined = recipe.precision === "mixed" ? declareLossScale(e, recipe.place) : undefined;
  const differentiated = differentiate(e.builder, loss, trained.map(({ value }) => value), scale?.value);
  const states = withoutCotangents(e.builder.operations, updatesIn(e.builder.operations));

  const gradients = scale === undefined ? differentiated : unscaled(e, scale, differentiated);
  const scaled = [...differentiated];
  const again = secondGradients(
    e,
    (substitutes) => repeated(e, recipe, substitutes),
    (loss, sources) => {
      const found = differentiate(e.builder, loss, sources, scale?.value);
      scaled.push(...found);
      return scale === undefined ? found : unscaled(e, scale, found);
    },
  );
  e.builder.position = { place: "schedule", phase: "update" };
  const [step, steps] = ["step", "steps"].map((slot) => e.builder.add("input", [], { slot }) as Op);
  const rate = buildRate(e, recipe, step!, steps!);
  const values: StepValues = { rate, count: e.b.add(step!, e.b.constant(1)) };
  buildUpdates(e, recipe, trained.map(({ parameter: { name }, line, value }, i) => ({ name, role: roleOf.get(name)!, line, value, gradient: gradients[i]! })), roleOf, values, again);
  const updates = new Map([...states, ...e.updated]);
  if (scale === undefined) return { rate, updates };
  return { rate, updates: guarded(e, scale, scaled, updates), lossScale: scale.value.attributes.slot };
}

/** The loss of the model written out once more, behind `e`, with other values in the place of some parameters. */
function repeated(e: Elaborator, recipe: Recipe, substitutes: ReadonlyMap<string, (parameter: Op) => Op>): Op {
  const second = makeElaborator(e.modules, e.slots, "training", recipe.batch, e.report, e.builder);
  for (const [name, substitute] of substitutes) second.substitutes.set(name, substitute);
  runModel(second, recipe.frame, recipe.model, recipe.modelPlace);
  if (second.hasFailed) throw new Silent();
  return results(second).get("loss")!;
}

/** The last update of every slot. */
function updatesIn(operations: readonly Op[]): Map<string, Op> {
  const updates = new Map<string, Op>();
  for (const op of operations) if (op.kind === "update") updates.set(op.attributes.slot, op.operands[0]!);
  return updates;
}

/** Updates that have a value outside a differentiated program: those that rest on no placeholder of a cotangent. */
function withoutCotangents(operations: readonly Op[], updates: ReadonlyMap<string, Op>): Map<string, Op> {
  const rests = new Set<Op>();
  for (const op of operations) {
    // What `attach_gradient` gives on is its first operand.
    const operands = op.kind === "attach_gradient" ? op.operands.slice(0, 1) : op.operands;
    if (op.kind === "cotangent" || operands.some((operand) => rests.has(operand))) rests.add(op);
  }
  return new Map([...updates].filter(([, op]) => !rests.has(op)));
}

/** What each parameter is for, by how the forward program uses it. */
function rolesOf(parameters: readonly DeclaredParameter[], operations: readonly Op[]): Map<string, Role> {
  const contracted = new Set<string>();
  const looked = new Set<string>();
  for (const op of operations) {
    if (op.kind === "contract") for (const operand of op.operands) contracted.add(sourceParameter(operand) ?? "");
    if (op.kind === "take") looked.add(sourceParameter(op.operands[0]!) ?? "");
  }
  return new Map(
    parameters.map((parameter): [string, Role] => {
      if (parameter.isNorm) return [parameter.name, "norm"];
      if (looked.has(parameter.name)) return [parameter.name, "embedding"];
      if (contracted.has(parameter.name)) return [parameter.name, "weight"];
      return [parameter.name, hasAxis(parameter.type, "token") ? "embedding" : "bias"];
    }),
  );
}
