/** Optimizers: how the definition that updates a parameter runs, also inside another one: `p <- base(p, g, rate)`. */

import type { Place } from "../diagnostics/diagnostic.js";
import type { Op, Role } from "../ir/program.js";
import { sameAxes } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import { frameFor, requireComplete } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import { numbersOf } from "./expressions.js";
import { type Cell, type Frame, Instance } from "./frame.js";
import { place } from "./modules.js";
import { runStatements } from "./statements.js";
import { type CallableValue, type TensorValue, number } from "./values.js";

/** What is asked of all parameters together: the sum of a number of each, or the gradient where each has another value. */
export type Question = "total" | "gradient_at" | "example_gradients";

/** What an optimizer sees besides its arguments. */
export interface Optimizing {
  readonly parameter: { readonly name: string; readonly role: Role };
  /** All parameters of the model. */
  readonly parameters: readonly { readonly name: string; readonly role: Role }[];
  /** The number of this update, counted from 1: `t`. */
  readonly count: TensorValue;
  /** Names the states of the optimizers that update this parameter. */
  readonly instance: Instance;
  /** The answer to a question, to which this parameter gives `value`. @throws Waiting until all parameters have come there */
  readonly ask: (question: Question, value: Op, where: Place) => Op;
  /** Whether a value is the same for all parameters. */
  readonly isCommon: (value: Op) => boolean;
}

/** Runs an optimizer whose arguments are all given, and returns the parameter's new value. @throws CheckError | Silent | Waiting */
export function runOptimizer(e: Elaborator, caller: Frame, callable: CallableValue, where: Place): TensorValue {
  const { definition, module } = callable;
  const { optimizing } = e;
  if (optimizing === undefined) return fail("N0210", where, "an optimizer is called by a recipe or by another optimizer");
  requireComplete(callable, where);
  const { parameter } = optimizing;
  const frame = frameFor(e, caller, callable, new Instance(optimizing.instance.claim(definition.name.name)));
  const [p] = definition.parameters!.map((own) => own.name.name);
  const given = frame.names.get(p!);
  const { axes } = e.slots.slot(parameter.name);
  if (given?.kind !== "tensor" || !sameAxes(given.op.type.axes, axes)) return fail("N0208", where, `\`${p}\` is the parameter, or a value with its axes`);
  const cell: Cell = { slot: parameter.name, owner: "parameter", current: given };
  frame.names.delete(p!);
  frame.cells.set(p!, cell);
  frame.names.set("t", callable.given.get("t")?.value ?? optimizing.count);
  frame.names.set("examples", number(e.batch));
  const returned = runStatements(e, frame, definition.body, (node) => {
    if (node.kind === "State") declareState(e, frame, node, optimizing);
    else if (node.kind === "Report") report(e, frame, node, optimizing);
    else return false;
    return true;
  });
  if (e.hasFailed) throw new Silent();
  if (returned !== undefined) average(e, frame, returned.node, parameter.name);
  if (cell.current === given) {
    fail("N0311", where, `the optimizer \`${definition.name.name}\` never updates its parameter`, {
      related: [{ place: place(module.source, definition.name), label: `no line \`${p} <- …\`` }],
    });
  }
  return cell.current;
}

/** A state of the parameter's axes, or with `shared` one number for all parameters. */
function declareState(e: Elaborator, frame: Frame, node: ast.StateStatement, { parameter, isCommon }: Optimizing): void {
  const where = place(frame.module.source, node);
  const isShared = node.scope === "shared";
  if (node.scope === "stream") fail("N0210", where, "only a placement has a `stream`", { help: "write `state`" });
  if (node.axes.length > 0) {
    fail("N0210", where, isShared ? "a shared state is one number" : "a state of an optimizer has the axes of the parameter", { help: "leave the axes out" });
  }
  const first = e.language.evaluate(e, frame, node.value);
  const ofParameter = !isShared && node.value.kind === "Name" && frame.cells.get(node.value.name)?.slot === parameter.name;
  const value = ofParameter ? { parameter: parameter.name } : first.kind === "number" ? first.value : fail("N0208", place(frame.module.source, node.value), `a state's first value is a number${isShared ? "" : ", or the parameter's own"}`);
  const { name } = node.name;
  const slot = isShared ? sharedSlot(frame, name) : frame.instance.claim(name);
  const type = { dtype: "f32" as const, axes: isShared ? [] : e.slots.slot(parameter.name).axes };
  e.slots.states.set(slot, { name: slot, type, place: where, owner: "optimizer", value });
  const current = e.tensor(e.builder.add("state", [], { slot }));
  const check = (next: Op, at: ast.Span) => {
    if (!isShared || isCommon(next)) return;
    fail("N0208", place(frame.module.source, at), `\`${name}\` is one number for all parameters, and this is another one for each`, { help: "`total(x)` is the sum of `x` over all parameters" });
  };
  frame.cells.set(name, { slot, owner: "optimizer", current, check });
}

/** All parameters whose optimizer is this definition have the same slot. */
function sharedSlot(frame: Frame, name: string): string {
  return `optimizer.${frame.instance.path.slice(frame.instance.path.lastIndexOf(".") + 1)}.${name}`;
}

/** A number that all parameters share, among the results of the step. */
function report(e: Elaborator, frame: Frame, node: ast.ReportStatement, { isCommon }: Optimizing): void {
  const where = place(frame.module.source, node);
  const name = node.name?.name ?? (node.value.kind === "Name" ? node.value.name : undefined);
  if (name === undefined) return fail("N0207", where, "this report has no name", { help: "write `report name: …`" });
  const value = numbersOf(e, frame, node.value, "a report");
  if (value.op.type.axes.length > 0 || !isCommon(value.op)) {
    fail("N0313", where, "an optimizer reports one number for all parameters", { help: "`total(x)` is the sum of `x` over all parameters" });
  }
  e.stepReports.set(name, value.op);
}

/** `return mean`: evaluation reads that state in the parameter's place. */
function average(e: Elaborator, frame: Frame, node: ast.Return, parameter: string): void {
  const cell = node.value.kind === "Name" ? frame.cells.get(node.value.name) : undefined;
  if (cell?.owner !== "optimizer" || cell.current.op.type.axes.length !== e.slots.slot(parameter).axes.length) {
    fail("N0208", place(frame.module.source, node.value), "an optimizer returns a state of its own, which evaluation reads in the parameter's place");
  }
  e.averages.set(parameter, cell.slot);
}
