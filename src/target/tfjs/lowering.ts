/** The state of lowering one entry: the calls made so far, and how every value of the IR is held. */

import { operations } from "../../ir/ops/index.js";
import type { Entry, Op, Program } from "../../ir/program.js";
import { type Axis, type DType, elements, hasAxis, sameAxes, tensorType } from "../../ir/types.js";
import { type Argument, type Call, type Value, Named, isValue, size, valuesOf } from "./call.js";
import { type Dimensions, alignment, includes, isSubsequence, names, orderOf, permutationTo, proper, sameOrder, separate, shapeOf } from "./layout.js";
import type { Arrangement } from "./region.js";
import { type Wishes, alignedKinds, wishesOf } from "./wish.js";

/** A tensor and what its dimensions carry. Axes of the IR's value that it lacks are repeated when they are needed. */
export interface Placed {
  readonly value: Value;
  readonly dimensions: Dimensions;
}
/** A number that stands in the text; every axis is repeated. */
export interface Literal {
  readonly literal: number;
  readonly dtype: DType;
}
export type Physical = Placed | Literal;

export function isLiteral(physical: Physical): physical is Literal {
  return "literal" in physical;
}

/** The axes that a value really has in memory, in order. */
export function carried(physical: Physical): readonly Axis[] {
  return isLiteral(physical) ? [] : orderOf(physical.dimensions);
}

/** Constants of at most so many elements are made once, before everything else. */
const smallConstant = 65_536;
/** Calls that do not depend on their operands alone, or that hand their operand over. */
const impure: ReadonlySet<string> = new Set(["uniform", "normal", "update", "clone"]);

export class Lowering {
  /** Constants, which every region of the program may use. */
  readonly prelude: Call[] = [];
  readonly body: Call[] = [];
  readonly wishes: Wishes;
  private readonly held = new Map<Op, Physical>();
  private readonly made = new Map<string, Value>();
  private readonly constants = new Set<Value>();
  private readonly handedOver = new Set<Value>();
  private readonly reshaped = new Map<Value, { value: Value; region: string }>();
  private readonly transposed = new Map<string, Value>();
  private readonly alignedWithMore = new Map<Op, boolean>();
  private values = 0;
  private shares = true;
  private current: Op | undefined;

  constructor(
    entry: Entry,
    program: Program,
    private readonly arrangement: Arrangement,
  ) {
    this.wishes = wishesOf(entry, arrangement, program);
  }

  /** Runs `lower` for `op` and keeps what it gives as the value of `op`. */
  lower(op: Op, lower: () => Physical): void {
    this.current = op;
    const physical = lower();
    const shape = this.wishes.slotShape.get(op);
    // A gradient takes the shape of its parameter where it is made, so that one optimizer function fits all parameters.
    const kept = shape === undefined || isLiteral(physical) ? physical : this.full(physical, separate(shape), op.type.dtype);
    this.held.set(op, kept);
  }

  /** The value of `op` as a result of the entry, which its caller owns. */
  result(op: Op): Value {
    this.current = op;
    return this.owned(this.operand(op), op.type.axes, op.type.dtype);
  }

  operand(op: Op): Physical {
    return this.held.get(op)!;
  }

  /** A function of the `tf` object. */
  tf(name: string, args: readonly Argument[], shape: readonly number[], dtype: DType = "f32"): Value {
    return this.call({ from: "tf", name, args, workspace: 0 }, shape, dtype);
  }

  /** A helper of the runtime; `workspace` is what it holds besides its result, in bytes. */
  helper(name: string, args: readonly Argument[], shape: readonly number[], dtype: DType, workspace = 0): Value {
    return this.call({ from: "runtime", name, args, workspace }, shape, dtype);
  }

  external(kind: "slot" | "input", name: string, type: { dtype: DType; axes: readonly Axis[] }): Placed {
    const key = `${kind} ${name}`;
    const dimensions = separate(type.axes);
    const known = this.made.get(key);
    if (known !== undefined) return { value: known, dimensions };
    const value = this.newValue(shapeOf(dimensions), type.dtype, undefined, { kind, name });
    this.made.set(key, value);
    return { value, dimensions };
  }

  private newValue(shape: readonly number[], dtype: DType, root?: Value, external?: { kind: "slot" | "input"; name: string }): Value {
    const value = { id: this.values++, shape, dtype, ...(external === undefined ? {} : { external }) } as { root: Value } & Value;
    value.root = root ?? value;
    return value;
  }

  private call(call: Pick<Call, "from" | "name" | "args" | "workspace">, shape: readonly number[], dtype: DType): Value {
    const op = this.current!;
    const operands = valuesOf(call.args);
    const isView = call.name === "reshape" || call.name === "clone";
    const pure = this.shares && !impure.has(call.name);
    const constant = pure && operands.every((value) => this.constants.has(value)) && size(shape) <= smallConstant;
    // Reshaping again is free, and better than carrying one more name from the forward to the backward pass.
    const region = this.arrangement.regions.get(op)!;
    const scope = constant ? "" : isView ? this.region() : "shared";
    const shared = pure && (constant || operands.length > 0);
    const key = `${scope} ${call.name}(${call.args.map(keyOf).join(", ")})`;
    const known = shared ? this.made.get(key) : undefined;
    if (known !== undefined) return known;
    const result = this.newValue(shape, dtype, isView ? operands[0]!.root : undefined);
    (constant ? this.prelude : this.body).push({ ...call, result, op, region });
    if (constant) this.constants.add(result);
    if (shared) this.made.set(key, result);
    return result;
  }

  /** The same elements in the same order in other dimensions. */
  reshape({ value, dimensions }: Placed, to: Dimensions): Placed {
    const shape = shapeOf(to);
    if (!sameOrder(orderOf(dimensions), orderOf(to))) throw new Error("reshaping cannot reorder axes");
    return { value: this.shaped(value, shape), dimensions: to };
  }

  /** `value` in that shape. */
  shaped(value: Value, shape: readonly number[]): Value {
    if (String(value.shape) === String(shape)) return value;
    // Of a shape that was made here only to be changed again nothing is left.
    const before = this.reshaped.get(value);
    const region = this.region();
    if (before !== undefined && before.region === region) return this.shaped(before.value, shape);
    const result = this.tf("reshape", [value, shape], shape, value.dtype);
    this.reshaped.set(result, { value, region });
    return result;
  }

  /** With its axes in the order of `order`, which has the same. */
  arrange(placed: Placed, order: readonly Axis[]): Placed {
    if (sameOrder(orderOf(placed.dimensions), order)) return placed;
    const key = orderKey(placed, order);
    const known = this.transposed.get(key);
    const { before, permutation, after } = permutationTo(placed.dimensions, order);
    if (known !== undefined) return { value: this.shaped(known, shapeOf(after)), dimensions: after };
    const { value } = this.reshape(placed, before);
    const result = this.tf("transpose", [value, permutation], shapeOf(after), value.dtype);
    this.transposed.set(key, result);
    return { value: result, dimensions: after };
  }

  /** How many elements must be copied to bring `placed` into that order. */
  copied(placed: Placed, order: readonly Axis[]): number {
    if (sameOrder(orderOf(placed.dimensions), order) || this.transposed.has(orderKey(placed, order))) return 0;
    return elements(order);
  }

  /** Whether a product will need `op` with `axes` behind all others, as the gradient of a weight does. */
  willTranspose(op: Op, axes: readonly Axis[]): boolean {
    return (this.wishes.users.get(op) ?? []).some(
      (user) => user.kind === "contract" && axes.every((axis) => user.attributes.axes.includes(axis.name)),
    );
  }

  /** Says which region the present operation is in. */
  private region(): string {
    const { phase, key } = this.arrangement.regions.get(this.current!)!;
    return `${phase} ${key}`;
  }

  /** With exactly these dimensions, repeated along those that it lacks. */
  full(physical: Physical, dimensions: Dimensions, dtype: DType): Placed {
    const shape = shapeOf(dimensions);
    if (isLiteral(physical)) return { value: this.fill(shape, physical.literal, dtype), dimensions };
    const own = orderOf(physical.dimensions);
    const order = orderOf(dimensions).filter((axis) => own.some((other) => other.name === axis.name));
    const arranged = this.arrange(physical, order);
    if (order.length === orderOf(dimensions).length) return this.reshape(arranged, dimensions);
    const parted = alignment(orderOf(dimensions), [order], dimensions);
    const value = this.repeated(this.aligned(arranged, parted), shapeOf(parted));
    return { value: this.shaped(value, shape), dimensions };
  }

  /** Repeated to `shape`, with which its own shape can be broadcast. */
  repeated(value: Value, shape: readonly number[]): Value {
    if (String(value.shape) === String(shape)) return value;
    const workspace = value.dtype === "bool" ? 8 * size(shape) : 4 * size(shape);
    return this.helper("broadcastTo", [value, shape], shape, value.dtype, workspace);
  }

  fill(shape: readonly number[], literal: number, dtype: DType): Value {
    if (shape.length === 0) return this.scalar(literal, dtype);
    return this.tf("fill", dtype === "f32" ? [shape, literal] : [shape, dtype === "bool" ? literal !== 0 : literal, tfTypes[dtype]], shape, dtype);
  }

  scalar(literal: number, dtype: DType): Value {
    return this.tf("scalar", [dtype === "bool" ? literal !== 0 : literal, tfTypes[dtype]], [], dtype);
  }

  /** `placed`, whose order is part of that of `dimensions`, in a shape that broadcasting aligns with `dimensions`. */
  aligned({ value, dimensions: own }: Placed, dimensions: Dimensions): Value {
    const axes = orderOf(own);
    const shape = dimensions.map((dimension) =>
      dimension.length > 0 && axes.some((axis) => axis.name === dimension[0]!.name) ? elements(dimension) : 1,
    );
    const trimmed = (of: readonly number[]) => of.slice(of.findIndex((extent) => extent !== 1) >>> 0);
    if (value.shape.length <= shape.length && String(trimmed(value.shape)) === String(trimmed(shape))) return value;
    const full = axes.length === orderOf(dimensions).length;
    return this.shaped(value, full ? shape : trimmed(shape));
  }

  /** Chooses an order and dimensions in which all operands can be aligned with the least copying. */
  align(type: { axes: readonly Axis[] }, operands: readonly Placed[]): Dimensions {
    const orders = operands.map(({ dimensions }) => orderOf(dimensions));
    const all = proper(type.axes).filter((axis) => orders.some((order) => order.some((other) => other.name === axis.name)));
    const largest = orders.reduce((best, order) => (elements(order) > elements(best) ? order : best), []);
    const missing = all.filter((axis) => !largest.some((other) => other.name === axis.name));
    const candidates = [...orders.filter((order) => order.length === all.length), [...missing, ...largest], all];
    const copied = (order: readonly Axis[]) =>
      orders.reduce((sum, own) => sum + (isSubsequence(own, order) ? 0 : elements(own)), 0);
    const order = candidates.reduce((best, candidate) => (copied(candidate) < copied(best) ? candidate : best));
    const preferred = operands.find(({ dimensions }) => sameOrder(orderOf(dimensions), order))?.dimensions;
    return alignment(order, orders, preferred);
  }

  /** `placed` brought into the order of `dimensions`, in a shape that broadcasts with them. */
  fitted(placed: Placed, dimensions: Dimensions): Value {
    const own = names(orderOf(placed.dimensions));
    const order = orderOf(dimensions).filter((axis) => own.includes(axis.name));
    return this.aligned(this.arrange(placed, order), dimensions);
  }

  /** The value of an operation on numbers alone. */
  folded(op: Op, operands: readonly Literal[]): Literal {
    const scalar = { ...op, type: tensorType(op.type.dtype, []) };
    const tensors = operands.map(({ literal, dtype }) => ({ type: tensorType(dtype, []), data: Float64Array.of(literal) }));
    const none = { slots: new Map(), inputs: new Map(), seed: 0, step: 0 };
    return { literal: operations[op.kind].evaluate(scalar as never, tensors, none)[0]!, dtype: op.type.dtype };
  }

  /** `physical` as a value of exactly these axes that belongs to nobody else: the caller hands it over. */
  owned(physical: Physical, axes: readonly Axis[], dtype: DType): Value {
    if (isLiteral(physical)) return this.unshared(() => this.full(physical, separate(axes), dtype).value);
    const { value } = this.full(physical, separate(axes), dtype);
    const free = value.root.external === undefined && !this.constants.has(value) && !this.handedOver.has(value);
    const own = free ? value : this.tf("clone", [value], value.shape, dtype);
    this.handedOver.add(own);
    return own;
  }

  /** What `make` gives, made anew even if it is a constant. */
  private unshared(make: () => Value): Value {
    this.shares = false;
    const value = make();
    this.shares = true;
    this.handedOver.add(value);
    return value;
  }

  /** Hands a value over to be the next one of a slot. */
  update(slot: string, value: Value): void {
    const op = this.current!;
    const region = this.arrangement.regions.get(op)!;
    this.body.push({ from: "runtime", name: "update", args: [new Named(slot), value], result: undefined, op, region, workspace: 0 });
  }

  /** The order of axes that saves a transposition where `op` is used, when one is known. */
  wishedOrder(op: Op, depth = 3): readonly Axis[] | undefined {
    const fixed = this.wishes.order.get(op);
    if (fixed !== undefined || depth === 0) return fixed;
    const users = (this.wishes.users.get(op) ?? []).filter((user) => alignedKinds.has(user.kind));
    // What it meets there may be in memory already.
    for (const other of users.flatMap((user) => user.operands)) {
      const physical = this.held.get(other);
      const order = physical === undefined ? [] : carried(physical);
      if (other !== op && proper(op.type.axes).every((axis) => includes(order, axis.name))) {
        return order.filter((axis) => hasAxis(op.type, axis.name));
      }
    }
    for (const user of users.filter(({ type }) => sameAxes(type.axes, op.type.axes))) {
      const order = this.wishedOrder(user, depth - 1);
      if (order !== undefined) return order;
    }
    return undefined;
  }

  /** Whether `op`, perhaps after some arithmetic, is aligned with a value that has more axes. */
  isAlignedWithMore(op: Op): boolean {
    const known = this.alignedWithMore.get(op);
    if (known !== undefined) return known;
    const result = (this.wishes.users.get(op) ?? []).some(
      (user) =>
        op.type.axes.every((axis) => hasAxis(user.type, axis.name)) &&
        (user.type.axes.length > op.type.axes.length || this.isAlignedWithMore(user)),
    );
    this.alignedWithMore.set(op, result);
    return result;
  }
}

export const tfTypes: Readonly<Record<DType, string>> = { f32: "float32", i32: "int32", bool: "bool" };

/** Equal for the same rearrangement of the same data, whatever its axes are called. */
function orderKey({ value, dimensions }: Placed, order: readonly Axis[]): string {
  const own = orderOf(dimensions);
  const positions = order.map((axis) => own.findIndex((other) => other.name === axis.name));
  return `${value.root.id} [${own.map((axis) => axis.extent).join()}] [${positions.join()}]`;
}

function keyOf(argument: Argument): string {
  if (isValue(argument)) return `%${argument.id}`;
  if (argument instanceof Named) return JSON.stringify(argument.name);
  if (Array.isArray(argument)) return `[${argument.map(keyOf).join(", ")}]`;
  return Object.is(argument, -0) ? "-0" : typeof argument === "string" ? JSON.stringify(argument) : String(argument);
}
