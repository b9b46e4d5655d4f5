/** The body of measures, apart from the model: a program of its own, whose inputs are tensors that the target gives. */

import type { Place } from "../../diagnostics/diagnostic.js";
import type { Entry, Op, Program } from "../../ir/program.js";
import { hasAxis } from "../../ir/types.js";
import { verify } from "../../ir/verify.js";
import { makeEntry } from "../../transform/entry.js";
import { simplify } from "../../transform/simplify.js";
import type { Elaborator } from "../elaborator.js";
import { fail } from "../errors.js";
import type { TensorValue } from "../values.js";
import type { Measuring } from "./measuring.js";
import { narrowed } from "./narrow.js";
import type { Collected, Pass, Source } from "./pass.js";

/** Operations that show their operand otherwise; a gradient by what they show is that of the operand, shown so too. */
const views = ["slice", "rename", "split", "merge"] as const;

export interface HostProgram {
  readonly program: Program;
  /** What each input of the program is. */
  readonly inputs: ReadonlyMap<string, Collected>;
}

export class Host implements Measuring {
  private readonly known = new Map<Op, Collected>();

  /**
   * @param e an elaborator with slots of its own.
   * @param examples how many are measured: the extent of `batch` here.
   */
  constructor(
    readonly e: Elaborator,
    private readonly pass: Pass,
    private readonly examples: number,
  ) {
    e.measuring = this;
    // What a measure computes has no parameters and no states.
    e.builder.position = { place: "", phase: "update" };
  }

  /** A value of the model, as the measure sees it. */
  value(value: TensorValue): TensorValue {
    return { ...value, op: this.input({ kind: "value", op: value.op }), masks: value.masks.map((mask) => this.input({ kind: "value", op: mask })) };
  }

  gradient(value: TensorValue, where: Place): TensorValue {
    const { root, op } = this.rootOf(value, where);
    return { ...value, op: this.shown(value.op, root, this.share(this.derivative(op, where))) };
  }

  gradientAlong(value: TensorValue, axis: string, where: Place): TensorValue {
    return this.e.tensor(this.share(this.along(value, axis, where)));
  }

  exampleGradients(value: TensorValue, where: Place): TensorValue {
    // The loss is a mean over the examples of a batch, so that each of these is its share of it.
    const own = (share: Op) => this.e.b.scale(share, this.pass.e.batch);
    if (!hasAxis(value.op.type, "batch")) return this.e.tensor(own(this.along(value, "batch", where)));
    const { root, op } = this.rootOf(value, where);
    return { ...value, op: this.shown(value.op, root, own(this.derivative(op, where))) };
  }

  /** The program that computes these results, by the names of its own. */
  program(name: string, results: ReadonlyMap<string, Op>): HostProgram {
    const { slots, builder } = this.e;
    const whole = makeEntry("measure", slots, builder.operations, results, new Map());
    const byName = new Map([...this.known.values()].map((collected) => [collected.name, collected]));
    const entry = narrowed(whole, slots, (input, cut) => {
      const made = this.pass.collect(byName.get(input)!.source, cut);
      byName.set(made.name, made);
      this.declare(made);
      return made.name;
    });
    const used = new Set(entry.operations.flatMap((op) => (op.kind === "input" ? [op.attributes.slot] : [])));
    const program = simplify(programOf(name, [...slots.inputs.values()].filter((input) => used.has(input.name)), entry));
    verify(program);
    return { program, inputs: new Map([...used].map((input) => [input, byName.get(input)!])) };
  }

  private derivative(op: Op, where: Place): Op {
    if (op.type.dtype !== "f32") fail("N0303", where, "whole numbers and conditions have no gradient");
    return this.input({ kind: "gradient", op });
  }

  private along(value: TensorValue, axis: string, where: Place): Op {
    const { root, op } = this.rootOf(value, where);
    const slot = this.pass.parameterOf(op);
    if (slot === undefined || root !== value.op) return fail("N0208", where, "this takes a parameter itself, as it is in the model");
    if (hasAxis(op.type, axis)) fail("N0310", where, `the parameter has the axis \`${axis}\` itself`, { help: "`gradient(x)` is the gradient by the whole of it" });
    if (this.pass.extentAlong(slot, axis) === undefined) fail("N0301", where, `\`${slot}\` meets nothing with the axis \`${axis}\``);
    return this.input({ kind: "along", slot, axis });
  }

  /** The value of the model that a value here shows. */
  private rootOf(value: TensorValue, where: Place): { root: Op; op: Op } {
    let root = value.op;
    while ((views as readonly string[]).includes(root.kind)) root = root.operands[0]!;
    const collected = this.known.get(root);
    if (collected?.source.kind === "value") return { root, op: collected.source.op };
    return fail("N0208", where, "only a value of the model has a gradient, not what a measure makes of it", { help: "give the value itself, or a group of it" });
  }

  /** `gradient` of `root`, seen as `op` shows `root`. */
  private shown(op: Op, root: Op, gradient: Op): Op {
    return op === root ? gradient : (this.e.builder.add(op.kind, [this.shown(op.operands[0]!, root, gradient)], op.attributes as never) as Op);
  }

  /** Of what several batches give, each for the mean over its own examples, a row has its share only. */
  private share(gradient: Op): Op {
    const batches = Math.ceil(this.examples / this.pass.e.batch);
    return hasAxis(gradient.type, "batch") && batches > 1 ? this.e.b.scale(gradient, 1 / batches) : gradient;
  }

  private input(source: Source): Op {
    const collected = this.pass.collect(source);
    const op = this.declare(collected);
    this.known.set(op, collected);
    return source.kind === "value" && source.op.type.dtype === "bool" ? this.e.b.cast(op, "bool") : op;
  }

  private declare({ name, type }: Collected): Op {
    const axes = type.axes.map((axis) => (axis.name === "batch" ? { name: axis.name, extent: this.examples } : axis));
    this.e.slots.inputs.set(name, { name, type: { dtype: type.dtype, axes } });
    return this.e.builder.add("input", [], { slot: name });
  }
}

function programOf(name: string, inputs: Program["inputs"], entry: Entry): Program {
  return { name, precision: "single", parameters: [], states: [], inputs, entries: new Map([[entry.name, entry]]) };
}

