/**
 * The model written out once more for measures: an entry of the program that gives the tensors which they are computed from. All
 * measures of one mode, with the same inputs given, share one.
 */

import { type Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Entry, Op } from "../../ir/program.js";
import { type Axis, type TensorType, extentOf, hasAxis, sameLayout } from "../../ir/types.js";
import { differentiate } from "../../transform/differentiate.js";
import { makeEntry } from "../../transform/entry.js";
import type { Elaborator, Mode } from "../elaborator.js";
import { Silent } from "../errors.js";
import type { Frame } from "../frame.js";
import { runModel } from "../models.js";
import type { Recipe } from "../recipes.js";
import { usersOf } from "../rules/analysis.js";
import type { TensorValue } from "../values.js";

/** A tensor that the target gives: a value of the model, or the loss's gradient by one, or by each position's share of a parameter. */
export type Source =
  | { readonly kind: "value" | "gradient"; readonly op: Op }
  | { readonly kind: "along"; readonly slot: string; readonly axis: string };
/** Part of it. */
export interface Cut {
  readonly axis: string;
  readonly start: number;
  readonly extent: number;
}
export interface Collected {
  /** Of the entry's result. */
  readonly name: string;
  readonly source: Source;
  readonly type: TensorType;
  readonly cut?: Cut;
}

/** What passes have in common. */
export interface Setting {
  readonly recipe: Recipe;
  /** Makes an elaborator for the program; one that writes behind another when it is given. */
  readonly elaborator: (mode: Mode, behind?: Elaborator) => Elaborator;
  /** States that evaluation reads in the place of parameters, by the parameters' names. */
  readonly averages: ReadonlyMap<string, string>;
  /** The state that holds the loss scale, in mixed precision. */
  readonly lossScale?: string;
  readonly report: (found: Diagnostic) => void;
}

export class Pass {
  readonly e: Elaborator;
  /** Of the model, with its names. */
  readonly frame: Frame;
  private readonly loss: Op;
  private readonly collected = new Map<string, Collected>();

  /** @throws CheckError | Silent when what is given for an input does not fit */
  constructor(
    readonly name: string,
    private readonly setting: Setting,
    private readonly mode: Mode,
    private readonly given: ReadonlyMap<string, (e: Elaborator, input: TensorValue) => TensorValue>,
  ) {
    this.e = setting.elaborator(mode);
    ({ frame: this.frame, loss: this.loss } = this.run(this.e, new Map()));
  }

  /** What the model reads as the parameter of that name. */
  read(slot: string): Op {
    return this.e.substitutes.get(slot)?.(this.own(slot)) ?? this.own(slot);
  }

  /** The parameter that a value is; undefined when it is none. */
  parameterOf(op: Op): string | undefined {
    return [...this.e.slots.parameters.keys()].find((slot) => this.read(slot) === op);
  }

  /** The extent of an axis where a parameter is used with it; undefined when it is not. */
  extentAlong(slot: string, axis: string): number | undefined {
    const users = usersOf(this.e.builder.operations);
    const open = [this.read(slot)];
    for (let op = open.shift(); op !== undefined; op = open.shift()) {
      if (hasAxis(op.type, axis)) return extentOf(op.type, axis);
      open.push(...(users.get(op) ?? []));
    }
    return undefined;
  }

  /** Notes a tensor to be given, and how. The same source, cut alike, is given once. */
  collect(source: Source, cut?: Cut): Collected {
    const from = source.kind === "along" ? `${source.slot}|${source.axis}` : String(source.op.id);
    const key = `${source.kind}|${from}|${cut === undefined ? "" : `${cut.axis}|${cut.start}|${cut.extent}`}`;
    const known = this.collected.get(key);
    if (known !== undefined) return known;
    const own = source.kind === "along" ? this.spreadType(source) : source.op.type;
    const axes = own.axes.map((axis) => (axis.name === cut?.axis ? { name: axis.name, extent: cut.extent } : axis));
    const made: Collected = { name: `${source.kind}_${this.collected.size}`, source, type: { dtype: own.dtype === "bool" ? "f32" : own.dtype, axes }, ...(cut && { cut }) };
    this.collected.set(key, made);
    return made;
  }

  /** The entry that gives the tensors of these names. */
  entry(names: ReadonlySet<string>): Entry {
    const wanted = [...this.collected.values()].filter(({ name }) => names.has(name));
    const results = this.gradients(wanted);
    const { b, builder } = this.e;
    builder.position = { place: "", phase: "forward" };
    for (const { name, source, cut, type } of wanted) {
      const whole = source.kind === "value" ? source.op : results.get(name)!;
      const part = cut === undefined ? whole : b.slice(whole, cut.axis, cut.start, cut.extent);
      results.set(name, this.laidOut(part.type.dtype === "bool" ? b.cast(part, "f32") : part, type.axes));
    }
    return makeEntry(this.name, this.e.slots, builder.operations, new Map(wanted.map(({ name }) => [name, results.get(name)!])), new Map());
  }

  private own(slot: string): Op {
    return this.e.builder.add("parameter", [], { slot });
  }

  private run(e: Elaborator, substitutes: ReadonlyMap<string, (parameter: Op) => Op>): { frame: Frame; loss: Op } {
    const { recipe, averages } = this.setting;
    e.isMeasured = true;
    e.builder.position = { place: "", phase: "forward" };
    for (const [name, value] of this.given) e.given.set(name, (input) => value(e, input));
    if (this.mode === "evaluation") for (const [name, slot] of averages) e.substitutes.set(name, () => e.builder.add("state", [], { slot }));
    for (const [name, substitute] of substitutes) e.substitutes.set(name, substitute);
    const frame = runModel(e, recipe.frame, recipe.model, recipe.modelPlace);
    if (e.hasFailed) throw new Silent();
    e.builder.position = { place: "", phase: "forward" };
    return { frame, loss: e.losses.map(({ value }) => value.op).reduce((a, b) => e.b.add(a, b)) };
  }

  /** The gradients among what is wanted, whole, by name. */
  private gradients(wanted: readonly Collected[]): Map<string, Op> {
    const results = new Map<string, Op>();
    const plain = wanted.flatMap(({ name, source }) => (source.kind === "gradient" ? [{ name, op: source.op }] : []));
    this.derivatives(this.loss, plain.map(({ op }) => op)).forEach((gradient, i) => results.set(plain[i]!.name, gradient));
    const along = wanted.flatMap(({ name, source }) => (source.kind === "along" ? [{ name, ...source }] : []));
    for (const axis of new Set(along.map((own) => own.axis))) {
      const group = along.filter((own) => own.axis === axis);
      const { b } = this.e;
      // Cut off from the parameter, so that it is another value than the parameter repeated for another reason.
      const spread = new Map(group.map((own) => [own.slot, b.stop(b.broadcast(this.read(own.slot), this.spreadType(own).axes))]));
      const { loss } = this.run(this.setting.elaborator(this.mode, this.e), new Map([...spread].map(([slot, op]) => [slot, () => op])));
      this.derivatives(loss, group.map(({ slot }) => spread.get(slot)!)).forEach((gradient, i) => results.set(group[i]!.name, gradient));
    }
    return results;
  }

  /** The value with its axes in this order: merging names one, and splitting keeps it. */
  private laidOut(op: Op, axes: readonly Axis[]): Op {
    if (sameLayout(op.type.axes, axes)) return op;
    const { b } = this.e;
    const whole = axes.map(({ name }) => name).join("_");
    return b.split(b.merge(op, axes.map(({ name }) => name), whole), whole, axes);
  }

  private spreadType({ slot, axis }: { readonly slot: string; readonly axis: string }): TensorType {
    const { dtype, axes } = this.read(slot).type;
    return { dtype, axes: [{ name: axis, extent: this.extentAlong(slot, axis)! }, ...axes] };
  }

  private derivatives(loss: Op, sources: readonly Op[]): Op[] {
    if (sources.length === 0) return [];
    const { b, builder } = this.e;
    const { lossScale } = this.setting;
    if (lossScale === undefined) return differentiate(builder, loss, sources);
    const scale = builder.add("state", [], { slot: lossScale });
    const scaled = differentiate(builder, loss, sources, scale);
    builder.position = { place: "loss_scale", phase: "update" };
    const inverse = b.div(b.constant(1), scale);
    return scaled.map((gradient) => b.mul(gradient, inverse));
  }
}
