/** N0406 to N0409: what a recipe does with a model. */

import { type Diagnostic, type Place, diagnostic } from "../../diagnostics/diagnostic.js";
import { interpret } from "../../ir/interpret.js";
import type { Entry, Op, Role } from "../../ir/program.js";
import { hasAxis } from "../../ir/types.js";
import type * as ast from "../../syntax/ast.js";
import type { Elaborator } from "../elaborator.js";
import { sourceParameter } from "../initial.js";
import { definitionNamed } from "../measurements.js";
import type { GroupSite } from "../model.js";
import { place } from "../modules.js";
import type { Recipe } from "../recipes.js";
import { optimizerFor } from "../updates.js";
import type { CallableValue } from "../values.js";
import { isWithin, neededFor, statistics, usersOf } from "./analysis.js";

/** A norm of the program that takes statistics over the batch, if there is one. */
export function coupling(e: Elaborator) {
  return e.groupSites.find((site) => statistics(e.builder.operations, site).some((statistic) => statistic.axes.includes("batch")));
}

/** N0406, for `what` stands at `where` and takes the gradient of each example. */
export function coupled(site: GroupSite, where: Place, what: string): Diagnostic {
  return diagnostic("N0406", where, `${what} takes the gradient of each example, and \`${site.norm}\` couples the examples`, {
    related: [{ place: site.policyPlace, label: "statistics over the batch" }],
    help: "use norms of each example alone, such as `layer`, where this is measured",
    note: "with statistics over the batch, one example's loss depends on all the others",
  });
}

/** N0406: a measure asks for the gradient of each example, and a norm mixes the examples. */
export function checkExampleGradients(e: Elaborator, recipe: Recipe): Diagnostic[] {
  const site = coupling(e);
  if (site === undefined) return [];
  return recipe.measurements.flatMap(({ node, module }) =>
    node.measures.flatMap((measure) => {
      const callee = measure.kind === "Call" ? measure.callee : measure;
      const found = callee.kind === "Name" ? definitionNamed(e, module, callee.name) : undefined;
      if (found === undefined || !mentions(found.definition.body, "example_gradients")) return [];
      return [
        coupled(site, place(module.source, measure), `\`${found.definition.name.name}\``),
      ];
    }),
  );
}

function mentions(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => mentions(item, name));
  if (typeof node !== "object" || node === null) return false;
  const expression = node as Partial<ast.NameExpression>;
  return (expression.kind === "Name" && expression.name === name) || Object.values(node).some((item) => mentions(item, name));
}

/** N0407: weight decay on a weight whose product goes straight into a norm, so that its scale has no effect. */
export function checkScaleInvariance(e: Elaborator, recipe: Recipe, roleOf: ReadonlyMap<string, Role>, forward: readonly Op[], results: Iterable<Op>): Diagnostic[] {
  const needed = neededFor(results);
  const used = forward.filter((op) => needed.has(op));
  const users = usersOf(used);
  const normalised = new Map<Op, GroupSite[]>();
  for (const site of e.groupSites) {
    if (statistics(e.builder.operations, site).length === 0) continue;
    normalised.set(site.input, [...(normalised.get(site.input) ?? []), site]);
  }
  // From the last operation to the first, so that the users of each are known before it.
  const onlyNormalised = new Set<Op>();
  for (const op of used.toReversed()) {
    const uses = users.get(op) ?? [];
    const inNorm = (use: Op) => normalised.get(op)?.some(({ operations, nets }) => isWithin(use, [operations]) && !isWithin(use, nets)) ?? false;
    if (uses.length > 0 && uses.every((use) => inNorm(use) || (passes(use) && onlyNormalised.has(use)))) onlyNormalised.add(op);
  }
  const found = new Map<string, { names: string[]; place: Place }>();
  for (const op of used) {
    if (op.kind !== "contract") continue;
    for (const operand of op.operands) {
      const name = sourceParameter(operand);
      if (name === undefined || roleOf.get(name) !== "weight" || !onlyNormalised.has(op)) continue;
      const line = optimizerFor(recipe, name, "weight");
      if (line === undefined || !(decayOf(line.optimizer) > 0)) continue;
      const known = found.get(line.optimizer.definition.name.name) ?? { names: [], place: line.place };
      known.names.push(name);
      found.set(line.optimizer.definition.name.name, known);
    }
  }
  return [...found.values()].map(({ names, place: where }) =>
    diagnostic("N0407", where, `weight decay on ${names.length === 1 ? `\`${names[0]}\`` : `\`${names[0]}\` and ${names.length - 1} other weight${names.length === 2 ? "" : "s"}`} only sets an effective learning rate`, {
      note: "a norm follows, which removes the scale of the weight: the loss does not change with it, and the gradient grows as it shrinks",
    }),
  );
}

/** Steps between a product and a norm that keep its scale: renaming, cutting, joining, and adding the product's own bias. */
function passes(op: Op): boolean {
  if (op.kind === "add") return op.operands.some((operand) => sourceParameter(operand) !== undefined && !hasAxis(operand.type, "token"));
  return op.kind === "rename" || op.kind === "slice" || op.kind === "concatenate" || op.kind === "split" || op.kind === "merge";
}

/** The weight decay of an optimizer: its parameter `decay`, as the standard library calls it, or that of the `base` inside it. */
function decayOf(optimizer: CallableValue): number {
  const base = optimizer.given.get("base")?.value;
  if (base?.kind === "callable") return decayOf(base);
  const given = optimizer.given.get("decay")?.value;
  if (given !== undefined) return given.kind === "number" ? given.value : 0;
  const parameter = optimizer.definition.parameters?.find((own) => own.name.name === "decay");
  return parameter?.default?.kind === "Number" ? parameter.default.value : 0;
}

/** A stack of at least this many sublayers in post-norm is deep. */
const deep = 12;

/** N0408: many norms on the stream itself, and a first rate near the highest. */
export function checkWarmUp(e: Elaborator, recipe: Recipe, rate: Entry): Diagnostic[] {
  const stacks = new Map<string, number>();
  for (const { stack } of e.postNorms) stacks.set(stack, (stacks.get(stack) ?? 0) + 1);
  const found = [...stacks].find(([, count]) => count >= deep);
  if (found === undefined) return [];
  const at = (step: number): number => {
    const inputs = new Map([["step", Float64Array.of(step)], ["steps", Float64Array.of(1000)]]);
    return interpret(rate, { slots: new Map(), inputs, seed: 0, step }).results.get("rate")!.data[0]!;
  };
  const highest = Math.max(...Array.from({ length: 101 }, (_, i) => at(Math.min(10 * i, 999))));
  if (at(0) < highest / 2) return [];
  const [stack, count] = found;
  return [
    diagnostic("N0408", recipe.schedulePlace, `\`${stack}\` has ${count} sublayers in post-norm, and the schedule has no warm-up`, {
      related: [{ place: e.postNorms.find((post) => post.stack === stack)!.place, label: "a norm on the stream itself" }],
      help: "add a warm-up, as in `warmup: 5%`, or use `place pre`",
      note: "at first the gradients near the output of a deep post-norm stack are large (Xiong et al., 2020)",
    }),
  ];
}

/**
 * N0409: the forward pass of training moves a state that evaluation has no use for. What a stated gradient moves belongs to
 * the backward pass, which evaluation does not have. A part of the model that evaluation leaves out has nothing to read.
 */
export function checkStates(e: Elaborator, moved: ReadonlyMap<string, Op>, evaluation: Elaborator, evaluated: Iterable<Op>): Diagnostic[] {
  const needed = neededFor(evaluated);
  const read = new Set([...needed].flatMap((op) => (op.kind === "state" ? [op.attributes.slot] : [])));
  const leavesOut = (part: string) => evaluation.outputs.has(part) && !needed.has(evaluation.outputs.get(part)!.op);
  return [...e.slots.states.values()]
    .filter((state) => !leavesOut(state.name.split(".").slice(0, -1).join(".")) && state.owner === "model" && moved.has(state.name) && !read.has(state.name))
    .map((state) =>
      diagnostic("N0409", state.place, `the state \`${state.name.split(".").at(-1)}\` is updated in training, and evaluation never reads it`, {
        help: "read it under `when training { … } otherwise { … }`, or remove it",
      }),
    );
}
