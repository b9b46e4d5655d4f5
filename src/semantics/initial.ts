/** The `initialise` entry: the first values of all parameters and states. */

import type { Op } from "../ir/program.js";
import { extentOf, hasAxis, sameAxes } from "../ir/types.js";
import { withLeading } from "./calls.js";
import type { DeclaredParameter, Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { Instance } from "./frame.js";
import { place } from "./modules.js";

/** How many terms one output of a parameter's contraction sums (`in`), and how many outputs one input feeds (`out`). */
export type Fans = { readonly in: number; readonly out: number };

/**
 * The fans of every parameter that a contraction uses, by slot: the contracted axes are its inputs, the others that the
 * contraction does not share are its outputs. The first contraction decides.
 */
export function fansOf(operations: readonly Op[]): Map<string, Fans> {
  const fans = new Map<string, Fans>();
  for (const op of operations) {
    if (op.kind !== "contract" || op.phase !== "forward") continue;
    op.operands.forEach((operand, side) => {
      const slot = sourceParameter(operand);
      if (slot === undefined || fans.has(slot)) return;
      const other = op.operands[1 - side]!;
      const { axes } = op.attributes;
      const into = axes.reduce((product, name) => product * extentOf(operand.type, name), 1);
      const out = operand.type.axes
        .filter((axis) => !axes.includes(axis.name) && !hasAxis(other.type, axis.name))
        .reduce((product, axis) => product * axis.extent, 1);
      fans.set(slot, { in: into, out });
    });
  }
  return fans;
}

/** The parameter that a value is, perhaps under other names of its axes. */
export function sourceParameter(op: Op): string | undefined {
  let source = op;
  while (source.kind === "rename" || source.kind === "split" || source.kind === "merge") source = source.operands[0]!;
  return source.kind === "parameter" ? source.attributes.slot : undefined;
}

/** Builds one update for every slot. `e` is an elaborator of its own. */
export function buildInitial(e: Elaborator, fans: ReadonlyMap<string, Fans>): void {
  const { b, builder } = e;
  const update = (name: string, value: Op) => builder.add("update", [b.broadcast(value, e.slots.slot(name).axes)], { slot: name });
  const first = new Map<string, Op>();
  for (const parameter of e.slots.parameters.values()) {
    builder.position = { place: parameter.name, phase: "update" };
    const value = e.attempt<Op>(() => b.constant(0), () => keep(e, parameter, b.broadcast(drawn(e, parameter, fans.get(parameter.name)), parameter.type.axes)));
    first.set(parameter.name, value);
    update(parameter.name, value);
  }
  for (const state of e.slots.states.values()) {
    builder.position = { place: state.name, phase: "update" };
    update(state.name, typeof state.value === "number" ? b.constant(state.value) : first.get(state.value.parameter)!);
  }
}

/** What a declaration keeps of a value of its parameter. @throws CheckError when that has other axes */
export function keep(e: Elaborator, { name, type, kept }: DeclaredParameter, value: Op): Op {
  if (kept === undefined) return value;
  const { node, frame, own } = kept;
  // The model's tensors belong to another program, or to another moment of this one.
  const names = new Map([...frame.names].filter(([, known]) => known.kind !== "tensor" && known.kind !== "pending"));
  const result = e.language.evaluate(e, { ...frame, names: names.set(own, e.tensor(value)), instance: new Instance(name) }, node);
  const where = place(frame.module.source, node);
  if (result.kind !== "tensor" || !sameAxes(result.op.type.axes, type.axes)) fail("N0302", where, `what is kept of \`${own}\` has other axes than the parameter`);
  return result.op;
}

function drawn(e: Elaborator, parameter: DeclaredParameter, fans: Fans | undefined): Op {
  const { initial } = parameter;
  if (initial.kind === "constant") return e.b.constant(initial.value);
  const witness = e.builder.add("parameter", [], { slot: parameter.name });
  if (fans !== undefined) e.fans.set(witness, fans);
  const { definition, module } = initial.by;
  const frame = { ...initial.frame, instance: new Instance(parameter.name) };
  const value = e.language.run(e, frame, withLeading(initial.by, [e.tensor(witness)], initial.place), initial.place);
  const wrong =
    value.kind !== "tensor" && value.kind !== "number"
      ? "returns no tensor"
      : value.kind === "tensor" && value.op.type.axes.some((axis) => !hasAxis(witness.type, axis.name))
        ? "returns a tensor with other axes than the parameter"
        : value.kind === "tensor" && dependsOn(value.op, witness)
          ? "uses the value of the parameter that it draws"
          : undefined;
  if (wrong !== undefined) {
    fail("N0316", initial.place, `the initializer \`${definition.name.name}\` ${wrong}`, { related: [{ place: place(module.source, definition.name), label: "defined here" }] });
  }
  return value.kind === "tensor" ? value.op : e.b.constant(value.kind === "number" ? value.value : 0);
}

function dependsOn(op: Op, source: Op): boolean {
  const seen = new Set([op]);
  for (const next of seen) for (const operand of next.operands) seen.add(operand);
  return seen.has(source);
}
