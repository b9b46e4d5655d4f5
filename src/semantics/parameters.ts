/** Parameters and states: where a definition declares them, and what they are called in the weights file. */

import type { Place } from "../diagnostics/diagnostic.js";
import { type Axis, sameLayout } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import { evaluatePartial } from "./calls.js";
import type { Elaborator, InitialValue } from "./elaborator.js";
import { fail } from "./errors.js";
import { numberOf, wholeOf } from "./expressions.js";
import type { Frame } from "./frame.js";
import { place } from "./modules.js";
import type { PendingValue, TensorValue } from "./values.js";

interface OpenAxis {
  readonly name: string;
  readonly extent: number | undefined;
  readonly place: Place;
}

/** The axes of a declaration; an extent that is not written is that of the axis in scope, or stays open. */
function declaredAxes(e: Elaborator, frame: Frame, axes: readonly ast.AxisDeclaration[]): OpenAxis[] {
  return axes.flatMap((axis, i): OpenAxis[] => {
    const where = place(frame.module.source, axis);
    if (axes.some((other, j) => j < i && other.name.name === axis.name.name)) fail("N0310", where, `axis \`${axis.name.name}\` stands there twice`);
    if (axis.extent !== undefined) {
      return [{ name: axis.name.name, extent: wholeOf(e, frame, axis.extent, `the extent of \`${axis.name.name}\``), place: where }];
    }
    return (frame.axisNames.get(axis.name.name) ?? [axis.name.name]).map((name) => {
      const known = frame.axes.get(name);
      if (known === "conflict") {
        fail("N0307", where, `axis \`${name}\` has several extents here`, { help: `write the one that is meant, as in \`[${name}: size(x over ${name})]\`` });
      }
      return { name, extent: known, place: where };
    });
  });
}

/** @throws CheckError outside the model: what updates parameters or draws them has none of its own. */
function checkPhase(e: Elaborator, what: string, where: Place): void {
  if (e.builder.position.phase === "forward") return;
  fail("N0210", where, `${what} does not belong here`, { help: "only what the model is made of has parameters and states, and an optimizer its own states" });
}

/** @throws CheckError when training declared a slot of that name with other axes. */
function checkModes(known: readonly Axis[] | undefined, axes: readonly Axis[], what: string, where: Place): void {
  if (known === undefined || sameLayout(known, axes)) return;
  fail("N0302", where, `${what} has other axes in evaluation than in training`, { help: "give what differs between the two another name" });
}

/** Declares a parameter. It stays pending while an extent is open. */
export function declareParameter(e: Elaborator, frame: Frame, name: string, axes: readonly ast.AxisDeclaration[], initial: ast.Initial, node: ast.Span, kept?: ast.Expression): TensorValue | PendingValue {
  const where = place(frame.module.source, node);
  checkPhase(e, "a parameter", where);
  const open = declaredAxes(e, frame, axes);
  const start: InitialValue = initial.drawn
    ? { kind: "drawn", by: evaluatePartial(e, frame, initial.value, ["initializer"], "what follows `~`"), place: place(frame.module.source, initial.value), frame }
    : { kind: "constant", value: numberOf(e, frame, initial.value, "an initial value") };
  const path = frame.instance.claim(name);
  // The first tensor that it meets decides; later ones are held against that.
  let known: TensorValue | undefined;
  const declare = (settled: readonly Axis[]): TensorValue => {
    e.checkSize(settled, where);
    checkModes(e.slots.parameters.get(path)?.type.axes, settled, `the parameter \`${path}\``, where);
    if (!e.slots.parameters.has(path)) {
      e.slots.parameters.set(path, { name: path, type: { dtype: "f32", axes: settled }, place: where, isNorm: frame.instance.isNorm, initial: start, ...(kept && { kept: { own: name, node: kept, frame } }) });
    }
    known = e.tensor(
      e.at(frame, node, () => {
        const own = e.builder.add("parameter", [], { slot: path });
        return e.substitutes.get(path)?.(own) ?? own;
      }),
    );
    return known;
  };
  const closed = open.filter((axis): axis is OpenAxis & Axis => axis.extent !== undefined);
  if (closed.length === open.length) return declare(closed.map(({ name, extent }) => ({ name, extent })));
  // What the standard library declares is for the one who calls it to mend.
  const axesWithPlaces = open.map(({ place: at, ...axis }) => (frame.module.isLibrary ? axis : { ...axis, place: at }));
  return { kind: "pending", axes: axesWithPlaces, declare, declared: () => known };
}

/** Declares a state of the model and opens its cell. */
export function declareState(e: Elaborator, frame: Frame, node: ast.StateStatement): void {
  const where = place(frame.module.source, node);
  if (node.scope === "shared") fail("N0210", where, "only an optimizer has a `shared` state", { help: "write `state` for one of the model's own" });
  checkPhase(e, "a state", where);
  const axes = declaredAxes(e, frame, node.axes).map(({ name, extent, place: at }) =>
    extent === undefined ? fail("N0307", at, `the extent of axis \`${name}\` is not known here`, { help: `write it down, as in \`[${name}: 64]\`` }) : { name, extent },
  );
  const value = numberOf(e, frame, node.value, "a state's first value");
  e.checkSize(axes, where);
  const path = frame.instance.claim(node.name.name);
  checkModes(e.slots.states.get(path)?.type.axes, axes, `the state \`${path}\``, where);
  if (!e.slots.states.has(path)) {
    e.slots.states.set(path, { name: path, type: { dtype: "f32", axes }, place: where, owner: "model", value });
  }
  const current = e.tensor(e.at(frame, node, () => e.b.stop(e.builder.add("state", [], { slot: path }))));
  frame.cells.set(node.name.name, { slot: path, owner: "model", current });
}
