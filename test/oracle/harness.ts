/**
 * Runs a layer of a Norm spec on given tensors: its output, the gradients of sum(output * cotangent) for its arguments and
 * parameters, and the states after it. The text takes the compiler's whole way: parsing, elaboration, differentiation,
 * simplification and the verifier, and the reference interpreter computes in float64.
 */

import { type Diagnostic, Diagnostics } from "../../src/diagnostics/diagnostic.js";
import { readLibrary } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import type { Entry, Op, Program } from "../../src/ir/program.js";
import { type DType, type TensorType, extentOf, hasAxis } from "../../src/ir/types.js";
import { verify } from "../../src/ir/verify.js";
import { Slots } from "../../src/semantics/elaborator.js";
import { Instance } from "../../src/semantics/frame.js";
import { Modules, place } from "../../src/semantics/modules.js";
import { definitionValue } from "../../src/semantics/names.js";
import { makeElaborator } from "../../src/semantics/program.js";
import { emptyFrame } from "../../src/semantics/recipes.js";
import type { CallableValue } from "../../src/semantics/values.js";
import { withLeading } from "../../src/semantics/calls.js";
import { differentiate } from "../../src/transform/differentiate.js";
import { makeEntry } from "../../src/transform/entry.js";
import { simplify } from "../../src/transform/simplify.js";

/** A tensor as the fixtures write it: named axes, row-major numbers. */
export interface NamedTensor {
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly data: readonly number[] | Float64Array;
}
export type NamedTensors = Readonly<Record<string, NamedTensor>>;

export type Mode = "training" | "evaluation";

/** The values of a pass. What a spec does not use may be given too. */
export interface Given {
  readonly inputs?: NamedTensors;
  readonly parameters?: NamedTensors;
  readonly states?: NamedTensors;
  /** The cotangent of the output; all ones when it is left out. */
  readonly cotangent?: NamedTensor;
  readonly seed?: number;
  readonly step?: number;
}

export interface Passed {
  readonly output: NamedTensor;
  /** sum(output * cotangent). */
  readonly loss: number;
  /** By the names of the arguments and parameters; there is none for whole numbers. */
  readonly gradients: ReadonlyMap<string, NamedTensor>;
  readonly statesAfter: ReadonlyMap<string, NamedTensor>;
}

/** A layer compiled for arguments of certain types. */
export class CompiledLayer {
  constructor(readonly program: Program) {}

  /** The types of the parameters by name. */
  get parameters(): ReadonlyMap<string, TensorType> {
    return new Map(this.program.parameters.map(({ name, type }) => [name, type]));
  }

  run(mode: Mode, given: Given): Passed {
    const entry = this.program.entries.get(mode)!;
    const outcome = interpret(entry, this.environment(mode, given));
    const named = (name: string) => tensorOf(outcome.results.get(name)!.type, outcome.results.get(name)!.data);
    const gradients = [...outcome.results.keys()].filter((name) => name.startsWith("d "));
    const types = new Map(this.program.states.map((state) => [state.name, state.type]));
    return {
      output: named("output"),
      loss: outcome.results.get("loss")!.data[0]!,
      gradients: new Map(gradients.map((name) => [name.slice(2), named(name)])),
      statesAfter: new Map([...outcome.updates].map(([name, data]) => [name, tensorOf(types.get(name)!, data)])),
    };
  }

  /** sum(output * cotangent) alone, computed by the forward pass without its gradients. */
  loss(mode: Mode, given: Given): number {
    return interpret(this.program.entries.get(`${mode} loss`)!, this.environment(mode, given)).results.get("loss")!.data[0]!;
  }

  private environment(mode: Mode, { inputs = {}, parameters = {}, states = {}, cotangent, seed = 0, step = 0 }: Given) {
    const all: NamedTensors = { ...parameters, ...states };
    const slots = new Map([...this.program.parameters, ...this.program.states].map(({ name, type }) => {
      if (all[name] === undefined) throw new Error(`the pass is not given \`${name}\``);
      return [name, laidOut(all[name], type)];
    }));
    const output = this.program.entries.get(mode)!.results.get("output")!.type;
    const ones = tensorOf(output, new Float64Array(output.axes.reduce((product, axis) => product * axis.extent, 1)).fill(1));
    const values: NamedTensors = { ...inputs, cotangent: cotangent ?? ones };
    return { slots, inputs: new Map(this.program.inputs.map(({ name, type }) => [name, laidOut(values[name]!, type)])), seed, step };
  }
}

/**
 * Compiles `layer main(…)` of a spec. Its arguments are the tensors of `inputs` by name; those named in `whole` hold whole
 * numbers. @throws Error with the compiler's messages when the spec has mistakes.
 */
export function compileLayer(text: string, inputs: NamedTensors, whole: readonly string[] = ["labels", "lengths", "ids"]): CompiledLayer {
  const slots = new Slots();
  const training = entriesOf(text, "training", inputs, whole, slots);
  const evaluation = entriesOf(text, "evaluation", inputs, whole, slots);
  const program: Program = {
    name: "main",
    precision: "single",
    parameters: [...slots.parameters.values()].map(({ name, type }) => ({ name, type, role: "weight" as const })),
    states: [...slots.states.values()].map(({ name, type, owner }) => ({ name, type, owner })),
    inputs: [...slots.inputs.values()],
    entries: new Map([...training, ...evaluation].map((entry): [string, Entry] => [entry.name, entry])),
  };
  verify(program);
  const simplified = simplify(program);
  verify(simplified);
  return new CompiledLayer(simplified);
}

/** Compiles and runs a layer once. */
export function runLayer(text: string, given: Given & { readonly mode?: Mode; readonly whole?: readonly string[] }): Passed {
  const { cotangent: _, ...inputs } = given.inputs ?? {};
  return compileLayer(text, inputs, given.whole).run(given.mode ?? "training", given);
}

// The standard library is parsed once for all specs: each gets a path of its own, and its diagnostics.
let found = new Diagnostics();
const report = (one: Diagnostic) => found.add(one);
const modules = new Modules({ readSpec: () => undefined, readLibrary }, report);
modules.loadPrelude();
let specs = 0;

function entriesOf(text: string, mode: Mode, inputs: NamedTensors, whole: readonly string[], slots: Slots): Entry[] {
  found = new Diagnostics();
  const main = modules.main(`${specs++}.norm`, text);
  const definition = main.definitions.get("main");
  const batch = inputs["x"]?.shape[inputs["x"].axes.indexOf("batch")] ?? 1;
  const e = makeElaborator(modules, slots, mode, batch, report);
  const complain = (): never => {
    throw new Error([`the spec has mistakes:`, ...found.all.map((one) => `${one.code} ${one.message}`), text].join("\n"));
  };
  if (definition === undefined || found.hasErrors) return complain();

  const names = definition.parameters!.map((parameter) => parameter.name.name).filter((name) => inputs[name] !== undefined);
  const sources = new Map<string, Op>();
  const values = names.map((name) => {
    const type = typeOf(inputs[name]!, whole.includes(name) ? "i32" : "f32");
    slots.inputs.set(name, { name, type });
    const op = e.builder.add("input", [], { slot: name }) as Op;
    if (type.dtype === "f32") sources.set(name, op);
    return e.tensor(op);
  });
  const where = place(main.source, definition.name);
  const result = e.attempt(complain, () => {
    const value = definitionValue(e, emptyFrame(main), main, definition) as CallableValue;
    return e.language.run(e, emptyFrame(main), withLeading(value, values, where), where, new Instance(""));
  });
  if (result.kind !== "tensor" || found.hasErrors) return complain();

  const output = e.b.cast(result.op, "f32");
  slots.inputs.set("cotangent", { name: "cotangent", type: output.type });
  const weighed = e.b.mul(output, e.builder.add("input", [], { slot: "cotangent" }) as Op);
  const loss = e.b.sum(weighed, output.type.axes.map((axis) => axis.name));
  // As updates, so that those in a stated gradient are rebuilt with the real cotangent; the last one of a slot counts.
  for (const [slot, value] of e.updated) e.builder.add("update", [value], { slot });
  for (const name of slots.parameters.keys()) sources.set(name, e.builder.add("parameter", [], { slot: name }) as Op);
  const gradients = differentiate(e.builder, loss, [...sources.values()]);
  const updates = new Map(e.builder.operations.flatMap((op): [string, Op][] => (op.kind === "update" ? [[op.attributes.slot, op.operands[0]!]] : [])));
  const derivatives = [...sources.keys()].map((name, i): [string, Op] => [`d ${name}`, gradients[i]!]);
  const results = new Map<string, Op>([["output", output], ["loss", loss], ...derivatives]);
  return [
    makeEntry(mode, slots, e.builder.operations, results, updates),
    makeEntry(`${mode} loss`, slots, e.builder.operations, new Map([["loss", loss]]), new Map()),
  ];
}

function typeOf({ axes, shape }: NamedTensor, dtype: DType): TensorType {
  return { dtype, axes: axes.map((name, i) => ({ name, extent: shape[i]! })) };
}

function tensorOf(type: TensorType, data: Float64Array): NamedTensor {
  return { axes: type.axes.map((axis) => axis.name), shape: type.axes.map((axis) => axis.extent), data };
}

/**
 * The numbers of `tensor` in the layout of `type`: axes are matched by name, whatever their order. One axis may have
 * another name, where the fixtures call the outputs of a map `class` or `out` and the standard library `feature`.
 * @throws Error when the axes do not match.
 */
export function laidOut(tensor: NamedTensor, type: TensorType): Float64Array {
  const other = tensor.axes.filter((name) => !hasAxis(type, name));
  const open = type.axes.filter((axis) => !tensor.axes.includes(axis.name));
  if (other.length > 1 || open.length !== other.length) {
    throw new Error(`axes [${tensor.axes.join(", ")}] are not [${type.axes.map((axis) => axis.name).join(", ")}]`);
  }
  const axes = tensor.axes.map((name) => (name === other[0] ? open[0]!.name : name));
  axes.forEach((name, i) => {
    if (extentOf(type, name) !== tensor.shape[i]) throw new Error(`axis \`${name}\` is ${tensor.shape[i]} and ${extentOf(type, name)}`);
  });
  const strideOf = (name: string) => tensor.shape.slice(axes.indexOf(name) + 1).reduce((product, extent) => product * extent, 1);
  const strides = type.axes.map((axis) => strideOf(axis.name));
  return Float64Array.from({ length: tensor.data.length }, (_, position) => {
    let rest = position;
    let index = 0;
    for (let i = type.axes.length - 1; i >= 0; i--) {
      index += (rest % type.axes[i]!.extent) * strides[i]!;
      rest = Math.floor(rest / type.axes[i]!.extent);
    }
    return tensor.data[index]!;
  });
}
