/** The general dot product as `tf.matMul`. */

import type { OpOf } from "../../ir/program.js";
import { type Axis, elements } from "../../ir/types.js";
import { type Dimensions, includes, isSubsequence, orderOf, sameOrder, shapeOf } from "./layout.js";
import { type Lowering, type Physical, type Placed, carried, isLiteral } from "./lowering.js";
import { reduced } from "./reduction.js";
import type { Rule } from "./rule.js";

/** The axes of a product: the batch, those of the left and of the right factor alone, and those summed over. */
interface Roles {
  readonly batch: readonly Axis[];
  readonly left: readonly Axis[];
  readonly right: readonly Axis[];
  readonly inner: readonly Axis[];
}

export const contract: Rule<"contract"> = (l, op) => {
  const summed = op.operands[0]!.type.axes.filter((axis) => op.attributes.axes.includes(axis.name));
  let [x, y] = op.operands.map((operand) => l.operand(operand)) as [Physical, Physical];
  // An axis that one factor only repeats is summed in the other; one that both repeat is a number.
  const lacking = (of: Physical, in_: Physical) =>
    summed.filter((axis) => !includes(carried(of), axis.name) && includes(carried(in_), axis.name));
  const repeated = elements(summed.filter((axis) => !includes(carried(x), axis.name) && !includes(carried(y), axis.name)));
  const [lackingX, lackingY] = [lacking(x, y), lacking(y, x)];
  if (lackingY.length > 0) x = reduced(l, op, x, "sum", lackingY);
  if (lackingX.length > 0) y = reduced(l, op, y, "sum", lackingX);
  const result = isLiteral(x) || isLiteral(y) ? scaled(l, x, y) : product(l, op, x, y, summed);
  return repeated === 1 ? result : scaled(l, result, { literal: repeated, dtype: "f32" });
};

function scaled(l: Lowering, x: Physical, y: Physical): Physical {
  const [tensor, number] = isLiteral(x) ? [y, x] : [x, y];
  if (isLiteral(tensor)) return { literal: tensor.literal * (number as typeof tensor).literal, dtype: "f32" };
  const factor = (number as { literal: number }).literal;
  if (factor === 1) return tensor;
  return { value: l.tf("mul", [tensor.value, factor], tensor.value.shape), dimensions: tensor.dimensions };
}

function product(l: Lowering, op: OpOf<"contract">, x: Placed, y: Placed, summed: readonly Axis[]): Physical {
  const [inX, inY] = [orderOf(x.dimensions), orderOf(y.dimensions)];
  const isSummed = (axis: Axis) => includes(summed, axis.name);
  const roles: Roles = {
    batch: inX.filter((axis) => includes(inY, axis.name) && !isSummed(axis)),
    left: inX.filter((axis) => !includes(inY, axis.name)),
    right: inY.filter((axis) => !includes(inX, axis.name)),
    inner: inX.filter((axis) => includes(inY, axis.name) && isSummed(axis)),
  };
  const { batch, left, right, inner } = roles;
  // Without a sum it is an elementwise product; with a batch of mere vectors, multiplying and adding is faster.
  if (inner.length === 0 || (batch.length > 0 && (left.length === 0 || right.length === 0)) || left.length + right.length === 0) {
    const dimensions = l.align({ axes: [...batch, ...left, ...right, ...inner] }, [x, y]);
    const value = l.tf("mul", [l.fitted(x, dimensions), l.fitted(y, dimensions)], shapeOf(dimensions));
    return reduced(l, op, { value, dimensions }, "sum", inner);
  }
  return batch.length === 0 ? flat(l, op, x, y, roles) : batched(l, op, x, y, roles);
}

/** Measured on the wasm backend, per element: a transposition, and what a product does with its right factor first. */
const nanoseconds = { copy: 3, pack: 7 };

/**
 * One two-dimensional product, the only one that the wasm backend does fast, and only without transposing on the fly.
 * Either factor can stand left, and the summed axes can have the order of either; the choice that copies least is made.
 */
function flat(l: Lowering, op: OpOf<"contract">, x: Placed, y: Placed, roles: Roles): Placed {
  const [inX, inY] = [orderOf(x.dimensions), orderOf(y.dimensions)];
  const innerY = inY.filter((axis) => includes(roles.inner, axis.name));
  const wished = l.wishedOrder(op);
  let best: { cost: number; x: readonly Axis[]; y: readonly Axis[]; inner: readonly Axis[]; swapped: boolean } | undefined;
  for (const inner of [roles.inner, innerY]) {
    for (const swapped of [false, true]) {
      const orders = swapped
        ? { x: [...inner, ...roles.left], y: [...roles.right, ...inner], result: [...roles.right, ...roles.left] }
        : { x: [...roles.left, ...inner], y: [...inner, ...roles.right], result: [...roles.left, ...roles.right] };
      const unwished = wished !== undefined && !isSubsequence(orders.result, wished) ? elements(orders.result) : 0;
      const copied = l.copied(x, orders.x) + l.copied(y, orders.y) + unwished;
      const cost = copied * nanoseconds.copy + elements(swapped ? inX : inY) * nanoseconds.pack;
      if (best === undefined || cost < best.cost) best = { cost, x: orders.x, y: orders.y, inner, swapped };
    }
  }
  const { swapped, inner } = best!;
  const { left, right } = roles;
  const first = swapped ? matrix(l, y, right, inner) : matrix(l, x, left, inner);
  const second = swapped ? matrix(l, x, inner, left) : matrix(l, y, inner, right);
  const dimensions: Dimensions = swapped ? [right, left] : [left, right];
  return { value: l.tf("matMul", [first.value, second.value], shapeOf(dimensions)), dimensions };
}

function matrix(l: Lowering, placed: Placed, rows: readonly Axis[], columns: readonly Axis[]): Placed {
  return l.reshape(l.arrange(placed, [...rows, ...columns]), [rows, columns]);
}

/** Many small products at once, as in attention. Here transposing on the fly costs nothing. */
function batched(l: Lowering, op: OpOf<"contract">, x: Placed, y: Placed, roles: Roles): Placed {
  const { left, right } = roles;
  const orders = (placed: Placed) => {
    const own = orderOf(placed.dimensions);
    return { batch: own.filter((axis) => includes(roles.batch, axis.name)), inner: own.filter((axis) => includes(roles.inner, axis.name)) };
  };
  const wished = l.wishedOrder(op) ?? op.type.axes;
  let best: { cost: number; batch: readonly Axis[]; inner: readonly Axis[] } | undefined;
  for (const { batch, inner } of [orders(x), orders(y), { batch: orders(x).batch, inner: orders(y).inner }, { batch: orders(y).batch, inner: orders(x).inner }]) {
    // The batch must come first. A head axis behind the tokens must move before them, whatever the wish.
    const cost =
      copiesOf(l, x, batch, left, inner) + copiesOf(l, y, batch, right, inner) + (isSubsequence(batch, wished) ? 0 : 1);
    if (best === undefined || cost < best.cost) best = { cost, batch, inner };
  }
  const { batch, inner } = best!;
  const first = stack(l, x, batch, left, inner);
  const second = stack(l, y, batch, right, inner);
  const shared = sharedBatch(first.placed, second.placed, batch);
  const factors = [first, second].map(({ placed, rows, columns }) => l.reshape(placed, [...shared, rows, columns]).value);
  const flags = first.columns === inner ? (second.rows === inner ? [] : [false, true]) : [true, second.rows !== inner];
  const dimensions: Dimensions = [...shared, left, right];
  return { value: l.tf("matMul", [...factors, ...flags], shapeOf(dimensions)), dimensions };
}

/** The two orders of a factor that `tf.matMul` takes: the one first that keeps the last axis last, which copies faster. */
function stackings({ dimensions }: Placed, batch: readonly Axis[], own: readonly Axis[], inner: readonly Axis[]) {
  const byRows = { rows: own, columns: inner };
  const byColumns = { rows: inner, columns: own };
  const last = orderOf(dimensions).at(-1);
  const both = last !== undefined && includes(own, last.name) ? [byColumns, byRows] : [byRows, byColumns];
  return both.map(({ rows, columns }) => ({ rows, columns, order: [...batch, ...rows, ...columns] }));
}

function copiesOf(l: Lowering, placed: Placed, batch: readonly Axis[], own: readonly Axis[], inner: readonly Axis[]): number {
  return Math.min(...stackings(placed, batch, own, inner).map(({ order }) => l.copied(placed, order)));
}

/** A factor with the batch first, and what its rows and columns are. */
function stack(l: Lowering, placed: Placed, batch: readonly Axis[], own: readonly Axis[], inner: readonly Axis[]) {
  const choices = stackings(placed, batch, own, inner);
  const { rows, columns, order } = choices.find((choice) => l.copied(placed, choice.order) === 0) ?? choices[0]!;
  return { placed: l.arrange(placed, order), rows, columns };
}

/** The dimensions of the batch: those that both factors have already, or one for all. */
function sharedBatch(first: Placed, second: Placed, batch: readonly Axis[]): Dimensions {
  const leading = ({ dimensions }: Placed) => {
    const own = dimensions.filter((dimension) => dimension.length > 0);
    const count = own.findIndex((_, i) => own.slice(0, i + 1).flat().length === batch.length) + 1;
    return own.slice(0, count);
  };
  const [own, other] = [leading(first), leading(second)];
  const same = own.length === other.length && own.every((dimension, i) => sameOrder(dimension, other[i]!));
  return same && own.length > 0 && own.length <= 2 && sameOrder(orderOf(own), batch) ? own : [batch];
}
