/**
 * Dynamic loss scaling, which keeps small gradients from vanishing where they are stored as 16-bit floats: the backward pass
 * computes with a multiple of the loss, and a step whose gradients overflow is skipped (Micikevicius et al., "Mixed precision
 * training", 2018; factors and interval as in PyTorch's `GradScaler`).
 */

import type { Place } from "../diagnostics/diagnostic.js";
import type { Op, OpOf } from "../ir/program.js";
import type { Elaborator } from "./elaborator.js";

const firstScale = 2 ** 16;
const highestScale = 2 ** 24;
/** After this many steps in a row without an overflow the scale doubles; after an overflow it halves. */
const growthInterval = 2000;
/** The largest float32. */
const mostFinite = (2 - 2 ** -23) * 2 ** 127;

/** The states of loss scaling, before the step. All values of the scale are powers of two, so that scaling rounds nothing. */
export interface LossScale {
  readonly value: OpOf<"state">;
  /** Steps in a row whose gradients were finite, since the scale was last changed. */
  readonly goodSteps: OpOf<"state">;
}

/** Declares the states and reads them. `where` is the place of the recipe that wants them. */
export function declareLossScale(e: Elaborator, where: Place): LossScale {
  const { parameters, states } = e.slots;
  const declare = (wanted: string, value: number): OpOf<"state"> => {
    let name = wanted;
    // A parameter of the model may be called like this.
    for (let i = 2; parameters.has(name) || states.has(name); i++) name = `${wanted}_${i}`;
    states.set(name, { name, type: { dtype: "f32", axes: [] }, place: where, owner: "optimizer", value });
    return e.builder.add("state", [], { slot: name });
  };
  return { value: declare("loss_scale", firstScale), goodSteps: declare("loss_scale.good_steps", 0) };
}

/** The gradients of the loss itself. */
export function unscaled(e: Elaborator, { value }: LossScale, gradients: readonly Op[]): Op[] {
  enter(e);
  const inverse = e.b.div(e.b.constant(1), value);
  return gradients.map((gradient) => e.b.mul(gradient, inverse));
}

/**
 * The updates of a step that changes nothing but the scale when one of `gradients`, which are multiplied by the scale, is not
 * finite; with the updates of the scale itself. At a scale of 1 the step is taken as it is: what is not finite then is no
 * matter of the scale, and the run stops as it does in single precision.
 */
export function guarded(e: Elaborator, { value, goodSteps }: LossScale, gradients: readonly Op[], updates: ReadonlyMap<string, Op>): Map<string, Op> {
  enter(e);
  const { b, builder } = e;
  const finite = areFinite(e, gradients);
  const isTaken = b.binary("or", finite, b.binary("less_equal", value, b.constant(1)));
  const count = b.add(goodSteps, b.constant(1));
  const grows = b.binary("less_equal", b.constant(growthInterval), count);
  const higher = b.binary("min", b.scale(value, 2), b.constant(highestScale));
  const lower = b.binary("max", b.scale(value, 0.5), b.constant(1));
  const result = new Map<string, Op>();
  for (const [slot, next] of updates) {
    builder.position = { place: slot, phase: "update" };
    const before = builder.add(e.slots.parameters.has(slot) ? "parameter" : "state", [], { slot }) as Op;
    result.set(slot, b.select(isTaken, next, before));
  }
  enter(e);
  result.set(value.attributes.slot, b.select(finite, b.select(grows, higher, value), lower));
  result.set(goodSteps.attributes.slot, b.select(b.binary("and", finite, b.unary("not", grows)), count, b.constant(0)));
  return result;
}

/** Whether all values are finite, as a scalar: told by comparisons, which no rounding or overflow of a sum can spoil. */
function areFinite(e: Elaborator, gradients: readonly Op[]): Op {
  const { b } = e;
  const overflows = gradients.map((gradient) => {
    const within = b.binary("less_equal", b.unary("abs", gradient), b.constant(mostFinite));
    return b.sum(b.cast(b.unary("not", within), "f32"), gradient.type.axes.map((axis) => axis.name));
  });
  return b.binary("equal", overflows.reduce((sum, count) => b.add(sum, count), b.constant(0)), b.constant(0));
}

function enter(e: Elaborator): void {
  e.builder.position = { place: "loss_scale", phase: "update" };
}
