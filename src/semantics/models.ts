/** Models: inputs, losses and reports around the computation. */

import type * as ast from "../syntax/ast.js";
import type { Place } from "../diagnostics/diagnostic.js";
import { frameFor, requireComplete } from "./calls.js";
import type { Elaborator } from "./elaborator.js";
import { Silent, fail } from "./errors.js";
import { numbersOf, wholeOf } from "./expressions.js";
import { type Frame, Instance } from "./frame.js";
import { place } from "./modules.js";
import { runStatements } from "./statements.js";
import * as tensors from "./tensors.js";
import type { CallableValue } from "./values.js";

/** Inputs that the trainer itself provides. */
export const reservedInputs: readonly string[] = ["step", "steps", "valid"];

/** Runs a model: its losses and reports are left in the elaborator, and its names in the frame. @throws CheckError | Silent */
export function runModel(e: Elaborator, caller: Frame, callable: CallableValue, where: Place): Frame {
  const { definition, module } = callable;
  if (definition.damaged) throw new Silent();
  requireComplete(callable, where);
  const frame = frameFor(e, caller, callable, new Instance(""));
  let hasLoss = false;
  runStatements(e, frame, definition.body, (node) => {
    if (node.kind === "Loss") hasLoss = true;
    if (node.kind === "Input") input(e, frame, node);
    else if (node.kind === "Loss") loss(e, frame, node);
    else if (node.kind === "Report") report(e, frame, node);
    else return false;
    return true;
  });
  if (!hasLoss) {
    fail("N0314", place(module.source, definition.name), `the model \`${definition.name.name}\` has no loss${definition.body.some((node) => node.kind === "When") ? ` in ${e.mode}` : ""}`, { help: "add `loss cross_entropy(logits, label)`, say" });
  }
  return frame;
}

function input(e: Elaborator, frame: Frame, node: ast.InputStatement): void {
  const { name } = node.name;
  const where = place(frame.module.source, node.name);
  if (reservedInputs.includes(name)) fail("N0202", where, `the input \`${name}\` is the trainer's own`, { help: "give it another name" });
  // That a name is given twice has been reported by its text alone.
  if (e.slots.inputs.has(name) && frame.names.has(name)) throw new Silent();
  const axes = node.axes.map((axis) => {
    const at = place(frame.module.source, axis);
    if (axis.name.name === "batch") fail("N0310", at, "every input has a `batch` axis already", { help: "leave `batch` out: the recipe says how long it is" });
    if (axis.extent === undefined) return fail("N0307", at, `the extent of axis \`${axis.name.name}\` is not known`, { help: `write it, as in \`${axis.name.name}: 28\`` });
    return { name: axis.name.name, extent: wholeOf(e, frame, axis.extent, `the extent of \`${axis.name.name}\``) };
  });
  const below = node.below && wholeOf(e, frame, node.below, "the number of values");
  if (below !== undefined && below > 2 ** 31) fail("N0315", place(frame.module.source, node.below!), `the number of values is ${below}; at most 2^31 are whole numbers of 32 bits`);
  const type = { dtype: below === undefined ? ("f32" as const) : ("i32" as const), axes: [{ name: "batch", extent: e.batch }, ...axes] };
  e.checkSize(type.axes, where);
  e.slots.inputs.set(name, { name, type, ...(below !== undefined && { below }) });
  const op = e.at(frame, node, () => e.builder.add("input", [], { slot: name }));
  const own = e.tensor(op, e.mode === "evaluation" && !e.isMeasured ? [validExamples(e)] : []);
  frame.names.set(name, e.given.get(name)?.(own) ?? own);
  e.note("input", frame, node.name, own);
}

/** In evaluation the last batch may be padded: which of its examples count. */
function validExamples(e: Elaborator) {
  const type = { dtype: "f32" as const, axes: [{ name: "batch", extent: e.batch }] };
  e.slots.inputs.set("valid", { name: "valid", type });
  return e.b.binary("less", e.b.constant(0.5), e.builder.add("input", [], { slot: "valid" }));
}

function scalar(e: Elaborator, frame: Frame, node: ast.Expression, what: string) {
  const value = numbersOf(e, frame, node, what);
  const where = place(frame.module.source, node);
  const axes = value.op.type.axes.map((axis) => axis.name);
  if (axes.length > 0) {
    fail("N0313", where, `${what} is one number, and this has the axes ${axes.map((axis) => `\`${axis}\``).join(", ")}`, { help: "take `mean(…)` of it" });
  }
  return { value: e.at(frame, node, () => tensors.converted(e, value, "f32")), place: where };
}

function loss(e: Elaborator, frame: Frame, node: ast.LossStatement): void {
  e.losses.push(scalar(e, frame, node.value, "a loss"));
}

function report(e: Elaborator, frame: Frame, node: ast.ReportStatement): void {
  const called = node.value.kind === "Call" && node.value.callee.kind === "Name" ? node.value.callee.name : undefined;
  const name = node.name?.name ?? called ?? (node.value.kind === "Name" ? node.value.name : undefined);
  const where = place(frame.module.source, node);
  if (name === undefined) return fail("N0207", where, "this report has no name", { help: "write `report name: …`" });
  if (["loss", "rate"].includes(name) || e.reports.some((known) => known.name === name)) {
    fail("N0202", where, `something else is reported as \`${name}\``, { help: "write `report other_name: …`" });
  }
  e.reports.push({ name, ...scalar(e, frame, node.value, "a report") });
}
