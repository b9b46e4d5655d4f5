/** Reverse-mode differentiation: IR to IR. */

import { Builder } from "../ir/builder.js";
import { valuesOf } from "../ir/needed.js";
import { operations } from "../ir/ops/index.js";
import type { Op } from "../ir/program.js";
import { IrError, sameAxes } from "../ir/types.js";

/**
 * Appends to `builder` the operations that compute the derivative of the scalar `loss` by each of `sources`, by
 * accumulating cotangents from the loss back (Griewank and Walther, "Evaluating derivatives", 2008, chapter 3).
 * Returns for each source its gradient, of the source's axes; zero where the loss does not depend on it. All of them are
 * multiplied by `scale`, an f32 scalar that is not 0, when it is given: it is the loss's cotangent then, so that it acts on
 * every value of the backward pass but those of stated gradients, whose definitions see cotangents of the loss itself.
 * @throws IrError when `loss` is no f32 scalar.
 */
export function differentiate(builder: Builder, loss: Op, sources: readonly Op[], scale?: Op): Op[] {
  if (loss.type.axes.length > 0 || loss.type.dtype !== "f32") throw new IrError("only an f32 scalar has a gradient");
  const b = builder.build;
  const outer = builder.position;
  const reached = dependents(builder.operations, sources);
  const stated = new StatedGradients(builder);
  const cotangents = new Map<Op, Op>();
  const accumulate = (op: Op, cotangent: Op) => {
    const known = cotangents.get(op);
    cotangents.set(op, known === undefined ? cotangent : b.add(known, cotangent));
  };

  const forward = builder.operations.slice();
  const fillIn = (gradient: Op, cotangent: Op): Op => {
    if (scale === undefined) return stated.fillIn(gradient, cotangent);
    const inverse = b.div(b.constant(1), scale);
    return b.mul(stated.fillIn(gradient, b.mul(cotangent, inverse)), scale);
  };
  accumulate(loss, scale ?? b.constant(1));
  for (let i = forward.length - 1; i >= 0; i--) {
    const op = forward[i]!;
    const cotangent = cotangents.get(op);
    if (cotangent === undefined || !reached.has(op)) continue;
    const { derivative } = operations[op.kind];
    if (derivative === "none") continue;
    builder.position = { place: op.place, phase: "backward", source: op.source };
    const parts =
      op.kind === "attach_gradient"
        ? [cotangent, fillIn(op.operands[2]!, cotangent), undefined]
        : (derivative as (op: Op, dy: Op, build: typeof b) => readonly (Op | undefined)[])(op, cotangent, b);
    parts.forEach((part, j) => {
      const operand = op.operands[j]!;
      if (part === undefined || operand.type.dtype !== "f32" || !reached.has(operand)) return;
      if (!sameAxes(part.type.axes, operand.type.axes)) throw new IrError(`the derivative of ${op.kind} has other axes than its operand`);
      accumulate(operand, part);
    });
  }
  builder.position = { ...outer, phase: "backward" };
  stated.rebuildUpdates();
  return sources.map((source) => b.broadcast(cotangents.get(source) ?? b.constant(0), source.type.axes));
}

/** The operations that depend on one of `sources`. */
function dependents(all: readonly Op[], sources: readonly Op[]): Set<Op> {
  const result = new Set(sources);
  for (const op of all) if (op.operands.some((operand) => result.has(operand))) result.add(op);
  return result;
}

/**
 * Gradients that a definition states: they are built on a placeholder of the cotangent, which the backward pass fills in.
 * All copies are shared, and each operation is copied once, however many stated gradients stand behind one another.
 */
class StatedGradients {
  /** The operations that rest on a placeholder, in order. */
  private readonly resting: readonly Op[];
  private readonly rests = new Set<Op>();
  private readonly copies = new Map<Op, Op>();

  constructor(private readonly builder: Builder) {
    for (const op of builder.operations) {
      if (op.kind === "cotangent" || valuesOf(op).some((operand) => this.rests.has(operand))) this.rests.add(op);
    }
    this.resting = [...this.rests];
  }

  /** The stated gradient with the real cotangent in its place. */
  fillIn(gradient: Op, cotangent: Op): Op {
    const needed = new Set<Op>();
    const open = [gradient];
    for (let op = open.pop(); op !== undefined; op = open.pop()) {
      if (!this.rests.has(op) || needed.has(op) || this.copies.has(op)) continue;
      needed.add(op);
      if (op.kind === "cotangent") this.copies.set(op, cotangent);
      open.push(...valuesOf(op));
    }
    for (const op of [...needed].sort((a, b) => a.id - b.id)) this.copy(op);
    return this.copies.get(gradient) ?? gradient;
  }

  /** The updates of states that rest on placeholders which were filled in; the originals have no value. */
  rebuildUpdates(): void {
    for (const op of this.resting) {
      if (valuesOf(op).every((operand) => !this.rests.has(operand) || this.copies.has(operand))) this.copy(op);
    }
  }

  private copy(op: Op): void {
    if (this.copies.has(op) || op.kind === "cotangent") return;
    const operands = valuesOf(op).map((operand) => this.copies.get(operand) ?? operand);
    this.copies.set(op, op.kind === "attach_gradient" ? operands[0]! : (this.builder.add(op.kind, operands, op.attributes as never) as Op));
  }
}
