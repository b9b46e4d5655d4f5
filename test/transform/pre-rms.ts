/** Rewrites models to Pre-RMSNorm, and compares what they compute before and after, in float64. */

import { compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import type { Environment } from "../../src/ir/definition.js";
import { interpret } from "../../src/ir/interpret.js";
import type { Program } from "../../src/ir/program.js";
import { elements } from "../../src/ir/types.js";
import { type Recentred, type Stream, centred, recentre } from "../../src/transform/recentre.js";
import { Draw, type Extents } from "../semantics/numerics/draw.js";
import { laidOut } from "../oracle/harness.js";
import { relativeError } from "../ir/support.js";

/** A model whose results show every element of what a stack gives. */
export interface Model {
  /** The statements of `stack encoder(dim, depth)`. */
  readonly stack: string;
  readonly definitions?: string;
  /** What goes into the stack; `x[token, feature]` is an input, `ids[token] in 7` another. */
  readonly call?: string;
  /** Statements behind `encoded = …`. */
  readonly rest?: string;
  readonly dim?: number;
  readonly depth?: number;
}

export function specOf({ stack, definitions = "", call = "cls: learned(1), tokens: linear(x, dim)", rest = "", dim = 12, depth = 2 }: Model): string {
  return `use std.norms { batch, dyt, group, instance, layer, rms, scale }
use std.placements { deep, layer_scale, output, post, pre, rezero, sandwich }
use std.layers { attention, dropout, linear, mlp }
${definitions}
stack encoder(dim, depth) {
  ${stack}
}
model net(dim = ${dim}, depth = ${depth}) {
  input x[token: 5, feature: 7]
  input ids[token: 5] in 7
  encoded = encoder(${call}, dim, depth)
  ${rest}
  loss mean(linear(encoded, 3)^2)
  report whole: sum(encoded * sin(float(index(encoded over feature) + 3 * index(encoded over token))))
}
train run of net {
  data npy("data")
  optimizer sgd
  schedule constant(peak: 1e-3)
  batch 2
  steps 1
}`;
}

export function programOf(text: string): Program {
  const { recipes, diagnostics } = compile("net.norm", text, { readSpec: () => undefined, readLibrary });
  const compiled = [...recipes.values()][0];
  if (compiled === undefined) throw new Error([...diagnostics.map(({ message }) => message), text].join("\n"));
  return compiled.program;
}

/** Random values for all that the entry `evaluate` reads. */
export function environmentOf(program: Program, name: string): Environment {
  const draw = new Draw(name);
  const types = new Map([...program.parameters, ...program.states].map((slot) => [slot.name, slot.type]));
  const drawn = draw.slots(types);
  const slots = new Map([...types].map(([slot, type]) => [slot, laidOut(drawn[slot]!, type)]));
  const inputs = program.inputs.map(({ name: input, type, below }): [string, Float64Array] => {
    if (input === "valid") return [input, new Float64Array(elements(type.axes)).fill(1)];
    const extents: Extents = Object.fromEntries(type.axes.map((axis) => [axis.name, axis.extent]));
    const value = below === undefined ? draw.normal(extents, 1, 0.4) : draw.wholes(extents, 0, below - 1);
    return [input, Float64Array.from(value.data)];
  });
  return { slots, inputs: new Map(inputs), seed: 1, step: 0 };
}

/** The environment with the parameters centred that a rewrite names. */
export function withCentred(environment: Environment, program: Program, { parameters }: Recentred): Environment {
  const slots = new Map(environment.slots);
  for (const { slot, axes } of parameters) {
    const { type } = program.parameters.find((own) => own.name === slot)!;
    slots.set(slot, centred(slots.get(slot)!, type, axes));
  }
  return { ...environment, slots };
}

/** The largest difference that the rewrite makes to a result of `evaluate`, relative to the larger of 1 and its size. */
export function changeBy(program: Program, rewrite: Recentred, name: string): number {
  const environment = environmentOf(program, name);
  const before = interpret(program.entries.get("evaluate")!, environment).results;
  const after = interpret(rewrite.program.entries.get("evaluate")!, withCentred(environment, program, rewrite)).results;
  return Math.max(...[...before].map(([key, { data }]) => relativeError(after.get(key)!.data, data)));
}

export function rewriteOf(model: Model): { program: Program; rewrite: Recentred; change: number } {
  const text = specOf(model);
  const program = programOf(text);
  const rewrite = recentre(program, "evaluate");
  return { program, rewrite, change: changeBy(program, rewrite, text) };
}

/** The streams whose means go. */
export function going({ streams }: Recentred): Stream[] {
  return streams.filter(({ reasons }) => reasons.length === 0);
}
