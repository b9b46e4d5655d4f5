/** Streams: what a placement carries from sublayer to sublayer of its stack, beside the sequence. */

import type * as ast from "../syntax/ast.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { numbersOf } from "./expressions.js";
import type { Frame } from "./frame.js";
import { place } from "./modules.js";
import * as tensors from "./tensors.js";

/**
 * Opens the cell of `stream sum = x`. The first sublayer of the stack gives it its value; later ones find there what those before
 * left. @throws CheckError outside of a stack's placement
 */
export function declareStream(e: Elaborator, frame: Frame, node: ast.StateStatement): void {
  const where = place(frame.module.source, node);
  const { placed } = frame;
  if (placed === undefined) {
    return fail("N0210", where, "a stream does not belong here", { help: "declare it in a placement, whose stack carries it; what training keeps from step to step is a `state`" });
  }
  if (node.axes.length > 0) fail("N0210", where, "a stream has the axes of its first value", { help: "leave the axes out" });
  const known = placed.streams.get(node);
  const cell = known ?? { slot: node.name.name, owner: "stream" as const, current: tensors.converted(e, numbersOf(e, frame, node.value, "a stream"), "f32") };
  placed.streams.set(node, cell);
  frame.cells.set(node.name.name, cell);
}

/** Whether a placement asks if it stands at the end of its stack, and so runs there too. */
export function asksForEnding(placement: ast.Definition): boolean {
  return nodesOf(placement.body).some(isEndingName);
}

/** How often the text of a placement calls its norm: at a sublayer, or at the end of the stack. */
export function normCalls(placement: ast.Definition, isEnding: boolean): number {
  const norm = placement.parameters?.[2]?.name.name;
  return nodesOf(placement.body, isEnding).filter((node) => node.kind === "Call" && node.callee.kind === "Name" && node.callee.name === norm).length;
}

/** The bare `normalize` lines that nothing follows; each branch of a `when` may have one. */
export function endsOf(body: readonly ast.Statement[]): readonly ast.Normalize[] {
  const last = body.findLast((item) => item.kind === "Repeat" || item.kind === "Sublayer" || item.kind === "When" || (item.kind === "Normalize" && item.policy === undefined));
  if (last?.kind === "When") return [...endsOf(last.then), ...endsOf(last.otherwise ?? [])];
  return last?.kind === "Normalize" ? [last] : [];
}

function isEndingName(node: ast.Node): boolean {
  return node.kind === "Name" && node.name === "ending";
}

/** All nodes of a text. Where it is known whether the stack ends, of `when ending` the branch that runs alone. */
function nodesOf(root: unknown, isEnding?: boolean): readonly ast.Node[] {
  const found: ast.Node[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    if ("kind" in node) found.push(node as ast.Node);
    const when = node as ast.When;
    if (isEnding !== undefined && when.kind === "When" && isEndingName(when.condition)) visit(isEnding ? when.then : when.otherwise);
    else Object.values(node).forEach(visit);
  };
  visit(root);
  return found;
}
