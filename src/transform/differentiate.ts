/** Reverse-mode differentiation: IR to IR. */

import { Builder } from "../ir/builder.js";
import { operations } from "../ir/ops/index.js";
import type { Op } from "../ir/program.js";
import { IrError, sameAxes } from "../ir/types.js";

/**
 * Appends to `builder` the operations that compute the derivative of the scalar `loss` by each of `sources`, by
 * accumulating cotangents from the loss back (Griewank and Walther, "Evaluating derivatives", 2008, chapter 3).
 * Returns for each source its gradient, of the source's axes; zero where the loss does not depend on it.
 * @throws IrError when `loss` is no f32 scalar.
 */
export function differentiate(builder: Builder, loss: Op, sources: readonly Op[]): Op[] {
  if (loss.type.axes.length > 0 || loss.type.dtype !== "f32") throw new IrError("only an f32 scalar has a gradient");
  const b = builder.build;
  const outer = builder.position;
  const reached = dependents(builder.operations, sources);
  const cotangents = new Map<Op, Op>();
  const accumulate = (op: Op, cotangent: Op) => {
    const known = cotangents.get(op);
    cotangents.set(op, known === undefined ? cotangent : b.add(known, cotangent));
  };

  const forward = builder.operations.slice();
  accumulate(loss, b.constant(1));
  for (let i = forward.length - 1; i >= 0; i--) {
    const op = forward[i]!;
    const cotangent = cotangents.get(op);
    if (cotangent === undefined || !reached.has(op)) continue;
    const { derivative } = operations[op.kind];
    if (derivative === "none") continue;
    builder.position = { place: op.place, phase: "backward", ...(op.source === undefined ? {} : { source: op.source }) };
    const parts =
      op.kind === "attach_gradient"
        ? [cotangent, fillIn(builder, op, cotangent), undefined]
        : (derivative as (op: Op, dy: Op, build: typeof b) => readonly (Op | undefined)[])(op, cotangent, b);
    parts.forEach((part, j) => {
      const operand = op.operands[j]!;
      if (part === undefined || operand.type.dtype !== "f32" || !reached.has(operand)) return;
      if (!sameAxes(part.type.axes, operand.type.axes)) throw new IrError(`the derivative of ${op.kind} has other axes than its operand`);
      accumulate(operand, part);
    });
  }
  builder.position = { ...outer, phase: "backward" };
  return sources.map((source) => b.broadcast(cotangents.get(source) ?? b.constant(0), source.type.axes));
}

/** The operations that depend on one of `sources`. */
function dependents(all: readonly Op[], sources: readonly Op[]): Set<Op> {
  const result = new Set(sources);
  for (const op of all) if (op.operands.some((operand) => result.has(operand))) result.add(op);
  return result;
}

/** Rebuilds a stated gradient with the real cotangent in place of its placeholder, and the updates that rest on it. */
function fillIn(builder: Builder, attach: Op, cotangent: Op): Op {
  const gradient = attach.operands[2]!;
  const placeholder = findCotangent(gradient);
  if (placeholder === undefined) return gradient;
  const copies = new Map<Op, Op>([[placeholder, cotangent]]);
  const copy = (op: Op): Op => {
    const known = copies.get(op);
    if (known !== undefined) return known;
    const operands = op.operands.map(copy);
    const changed = operands.some((operand, i) => operand !== op.operands[i]);
    const result = changed ? (builder.add(op.kind, operands, op.attributes as never) as Op) : op;
    copies.set(op, result);
    return result;
  };
  const result = copy(gradient);
  for (const op of builder.operations.filter((candidate) => candidate.kind === "update")) copy(op);
  return result;
}

function findCotangent(op: Op, seen = new Set<Op>()): Op | undefined {
  if (op.kind === "cotangent") return op;
  if (seen.has(op)) return undefined;
  seen.add(op);
  for (const operand of op.operands) {
    const found = findCotangent(operand, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}
