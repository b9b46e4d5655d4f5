/** The statements of a definition's body. */

import type { Place } from "../diagnostics/diagnostic.js";
import { sameAxes } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { numbersOf } from "./expressions.js";
import type { Frame } from "./frame.js";
import { place } from "./modules.js";
import { declareParameter, declareState } from "./parameters.js";
import { declareStream } from "./streams.js";
import * as tensors from "./tensors.js";
import { type TensorValue, type Value, describe, poison } from "./values.js";

/** What `return` gave, and the gradient that it states. */
export interface Returned {
  readonly value: Value;
  readonly node: ast.Return;
}

/** Statements that a kind of definition adds to the common ones; true when it took the statement. */
export type Extra = (node: ast.Statement) => boolean;

/**
 * Runs statements up to a `return`. A mistake in one is reported and its name poisoned, and the others are still checked;
 * in the standard library, where a mistake means that it was called wrongly, the first one ends the call.
 */
export function runStatements(e: Elaborator, frame: Frame, body: readonly ast.Statement[], extra: Extra = () => false): Returned | undefined {
  for (const node of body) {
    if (frame.module.isLibrary) {
      const returned = runStatement(e, frame, node, extra);
      if (returned !== undefined) return returned;
      continue;
    }
    const returned = e.attempt<Returned | undefined>(() => instead(frame, node), () => runStatement(e, frame, node, extra));
    if (returned !== undefined) return returned;
  }
  return undefined;
}

/** What stands in for a statement that went wrong. */
function instead(frame: Frame, node: ast.Statement): Returned | undefined {
  if (node.kind === "Binding" || node.kind === "Param" || node.kind === "State" || node.kind === "Input") frame.names.set(node.name.name, poison);
  if (node.kind === "When") {
    // Which branch was meant is not known: whatever either of them gives is poison.
    const given = [...node.then, ...(node.otherwise ?? [])].map((inner) => instead(frame, inner));
    return given.find((returned) => returned !== undefined);
  }
  return node.kind === "Return" ? { value: poison, node } : undefined;
}

function runStatement(e: Elaborator, frame: Frame, node: ast.Statement, extra: Extra): Returned | undefined {
  if (extra(node)) return undefined;
  switch (node.kind) {
    case "Binding":
      bind(e, frame, node);
      return undefined;
    case "Param":
      frame.names.set(node.name.name, declareParameter(e, frame, node.name.name, node.axes, node.initial, node, node.kept));
      e.note("param", frame, node.name, frame.names.get(node.name.name)!);
      return undefined;
    case "State":
      if (node.scope === "stream") declareStream(e, frame, node);
      else declareState(e, frame, node);
      e.note("state", frame, node.name, frame.cells.get(node.name.name)!.current);
      return undefined;
    case "Update":
      update(e, frame, node);
      return undefined;
    case "When":
      if (e.optimizing !== undefined) return runWhenOptimizing(e, frame, node, extra);
      return runWhen(e, frame, node, (body) => runStatements(e, frame, body, extra));
    case "Return":
      return { value: e.language.evaluate(e, frame, node.value), node };
    default:
      return fail("N0210", place(frame.module.source, node), `a \`${node.kind.toLowerCase()}\` line does not belong here`);
  }
}

/** Gives a name to the value of an expression; the part of the model that makes the value has that name too. */
export function bind(e: Elaborator, frame: Frame, node: ast.Binding): void {
  const value = e.language.evaluate(e, { ...frame, binding: node.name.name }, node.value);
  frame.names.set(node.name.name, value);
  e.note("binding", frame, node.name, value);
}

/** In an optimizer the condition may also be a number of the step: it decides then about every `<-` of the branches. */
function runWhenOptimizing(e: Elaborator, frame: Frame, node: ast.When, extra: Extra): Returned | undefined {
  const condition = e.language.evaluate(e, frame, node.condition);
  if (condition.kind !== "tensor") return runWhen(e, frame, node, (body) => runStatements(e, frame, body, extra), condition);
  const where = place(frame.module.source, node.condition);
  const { dtype, axes } = condition.op.type;
  if (dtype !== "bool" || axes.length > 0) fail("N0208", where, "`when` takes one condition", { help: "`select(condition, x, y)` chooses element by element" });
  for (const [body, op] of [[node.then, condition.op], [node.otherwise ?? [], e.b.unary("not", condition.op)]] as const) {
    e.conditions.push(op);
    const returned = runStatements(e, { ...frame, names: new Map(frame.names) }, body, extra);
    e.conditions.pop();
    if (returned !== undefined) fail("N0210", place(frame.module.source, returned.node), "what is returned cannot depend on a number of the step", { help: "let `select` choose what is returned" });
  }
  return undefined;
}

/** `when` chooses at compile time. */
export function runWhen<T>(e: Elaborator, frame: Frame, node: ast.When, run: (body: readonly ast.Statement[]) => T, condition = e.language.evaluate(e, frame, node.condition)): T {
  if (condition.kind !== "boolean") {
    const help = condition.kind === "tensor" ? "`select(condition, x, y)` chooses element by element" : undefined;
    fail("N0208", place(frame.module.source, node.condition), `\`when\` takes a condition known at compile time, not ${describe(condition)}`, help === undefined ? {} : { help });
  }
  return run(condition.value ? node.then : (node.otherwise ?? []));
}

function update(e: Elaborator, frame: Frame, node: ast.Update): void {
  const { name } = node.name;
  const where = place(frame.module.source, node.name);
  const cell = frame.cells.get(name);
  if (cell === undefined) {
    return fail("N0311", where, `\`${name}\` is no state`, { help: `declare it, \`state ${name} = 0\`, or give the new value a name of its own with \`=\`` });
  }
  const value = numbersOf(e, frame, node.value, "a state");
  const { axes } = cell.current.op.type;
  const op = e.at(frame, node, () => {
    const next = e.b.broadcast(tensors.converted(e, value, "f32").op, axes);
    return e.conditions.reduce((chosen, condition) => e.b.select(condition, chosen, cell.current.op), next);
  });
  if (!sameAxes(op.type.axes, axes)) {
    const extra = op.type.axes.find((axis) => !axes.some((own) => own.name === axis.name && own.extent === axis.extent))!;
    fail("N0302", place(frame.module.source, node.value), `\`${name}\` has no axis \`${extra.name}\` of extent ${extra.extent}`, { help: `reduce it away, as in \`mean(… over ${extra.name})\`` });
  }
  cell.check?.(op, node.value);
  if (cell.owner === "stream") {
    cell.current = { ...e.tensor(op, value.masks), ...tensors.groupsOf([value], op) };
    return;
  }
  cell.current = e.tensor(cell.owner === "parameter" ? op : e.b.stop(op));
  if (e.mode === "training") e.updated.set(cell.slot, cell.current.op);
}

/**
 * The result of a definition that states its own gradient: the first parameter receives what the `gradient` block
 * returns, while the definition's own parameters keep the derivative of the forward computation.
 */
export function attachGradient(e: Elaborator, frame: Frame, returned: Returned, argument: TensorValue): Value {
  const { gradient } = returned.node;
  const { value } = returned;
  if (gradient === undefined || e.mode === "evaluation" || value.kind !== "tensor") return value;
  if (value.op.type.dtype !== "f32") fail("N0303", place(frame.module.source, returned.node.value), "conditions and whole numbers have no gradient");
  const dy = e.tensor(e.builder.add("cotangent", [], { of: frame.instance.path, axes: value.op.type.axes }), value.masks);
  const inside: Frame = { ...frame, names: new Map([...frame.names, [gradient.cotangent.name, dy]]), cells: new Map([...frame.cells].filter(([, cell]) => cell.owner !== "stream")) };
  const result = runStatements(e, inside, gradient.body);
  const where: Place = place(frame.module.source, result?.node ?? returned.node);
  const dx = result?.value;
  if (dx?.kind === "poison") return value;
  if (dx?.kind !== "tensor") return fail("N0312", where, "a `gradient` block returns the gradient of the first parameter");
  if (dx.op.type.dtype === "bool") fail("N0312", where, "the gradient is made of conditions, not of numbers", { help: "`float(x)` makes 0 and 1 of a condition" });
  const wanted = argument.op.type.axes;
  if (!sameAxes(dx.op.type.axes, wanted)) {
    fail("N0312", where, `the gradient has the axes ${list(dx)}, and the first parameter has ${list(argument)}`);
  }
  return { ...value, op: e.at(frame, returned.node, () => e.builder.add("attach_gradient", [value.op, argument.op, tensors.converted(e, dx, "f32").op], {})) };
}

function list(value: TensorValue): string {
  return value.op.type.axes.map((axis) => `\`${axis.name}: ${axis.extent}\``).join(", ") || "none";
}
