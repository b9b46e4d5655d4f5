/** What the IR is made of: programs, their slots and entries, and operations. */

import type { Axis, DType, TensorType } from "./types.js";

/**
 * The attributes of every operation. The set is closed: a new operation is one line here and one entry in `ops/`,
 * and TypeScript points at what is missing.
 */
export interface AttributesOf {
  // Leaves
  parameter: { slot: string };
  state: { slot: string };
  input: { slot: string };
  constant: { value: number; dtype: DType };
  iota: { axis: Axis };
  random: { distribution: "uniform" | "normal"; stream: string; axes: readonly Axis[] };
  cotangent: { of: string; axes: readonly Axis[] };
  // Elementwise, axes aligned by name
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  rsqrt: None;
  tanh: None;
  erf: None;
  sin: None;
  cos: None;
  abs: None;
  sign: None;
  floor: None;
  not: None;
  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  max: None;
  min: None;
  less: None;
  less_equal: None;
  equal: None;
  and: None;
  or: None;
  select: None;
  cast: { dtype: DType };
  // Reductions and contraction
  reduce_sum: { axes: readonly string[] };
  reduce_max: { axes: readonly string[] };
  contract: { axes: readonly string[] };
  // Structure
  broadcast: { axes: readonly Axis[] };
  rename: { from: readonly string[]; to: readonly string[] };
  split: { axis: string; into: readonly Axis[] };
  merge: { axes: readonly string[]; into: string };
  slice: { axis: string; start: number; extent: number };
  pad: { axis: string; before: number; after: number };
  concatenate: { axis: string };
  // Indexing
  take: { axis: string };
  scatter_add: { axis: Axis; aligned: readonly string[] };
  argsort: { axis: string };
  // Computed by the interpreter only
  singular_values: { rows: string; columns: string };
  // Differentiation and effects
  stop_gradient: None;
  attach_gradient: None;
  update: { slot: string };
}
type None = Readonly<Record<never, never>>;

export type OpKind = keyof AttributesOf;

/** Which part of a training step an operation belongs to. */
export type Phase = "forward" | "backward" | "update";

/** An operation and its one result: values are named by the operation that makes them. */
export interface OpOf<K extends OpKind> {
  readonly id: number;
  readonly kind: K;
  readonly operands: readonly Op[];
  readonly attributes: AttributesOf[K];
  readonly type: TensorType;
  /** Where in the model it stands, such as `encoder.3.attention.before.cls`; empty for the model itself. */
  readonly place: string;
  readonly phase: Phase;
  /** `file:line:column` of the expression that it came from. Not part of the text form. */
  readonly source?: string | undefined;
}
export type Op = { [K in OpKind]: OpOf<K> }[OpKind];

/** What a parameter is for; recipes select by it. Derived from how the program uses the parameter. */
export type Role = "norm" | "bias" | "weight" | "embedding";

export interface Slot {
  readonly name: string;
  readonly type: TensorType;
}
export interface ParameterSlot extends Slot {
  readonly role: Role;
}
export interface StateSlot extends Slot {
  readonly owner: "model" | "optimizer";
}
export interface InputSlot extends Slot {
  /** Integer inputs hold whole numbers from 0 to `below` − 1. */
  readonly below?: number;
}

/**
 * One executable list of operations, in order. Every value is used only after the operation that makes it.
 * `update` operations take effect together, after the last operation.
 */
export interface Entry {
  readonly name: string;
  readonly operations: readonly Op[];
  readonly results: ReadonlyMap<string, Op>;
}

/**
 * How a program is trained. In `mixed` precision a target may store activations and gradients, which are the values that
 * operations of the phases `forward` and `backward` make, as 16-bit floats; it accumulates in float32, and slots and the
 * phase `update` stay float32. A target that cannot do so trains the same program in float32.
 */
export const precisions = ["single", "mixed"] as const;
export type Precision = (typeof precisions)[number];

/**
 * A program: the slots that live between steps, the inputs, and the entries.
 * `initialise` updates every slot; `forward` gives the loss and the reports in training; `step` is a whole training
 * step; `evaluate` changes nothing; `measure`, `measure_2` and so on give tensors for measures. The inputs `step` and `steps` (f32 scalars) number the training steps.
 */
export interface Program {
  readonly name: string;
  readonly precision: Precision;
  readonly parameters: readonly ParameterSlot[];
  readonly states: readonly StateSlot[];
  readonly inputs: readonly InputSlot[];
  readonly entries: ReadonlyMap<string, Entry>;
}

/** The entries that give tensors for measures, by their names. */
export type MeasureEntry = `measure${string}`;
export function isMeasure(entry: string): entry is MeasureEntry {
  return entry.startsWith("measure");
}
