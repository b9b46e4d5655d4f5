/** Networks at their first values: a spec compiled as `norm train` does, with values looked at inside and slots set to others. */

import { type Compiled, compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import type { Tensor } from "../../src/ir/definition.js";
import { type Outcome, interpret } from "../../src/ir/interpret.js";
import type { Program } from "../../src/ir/program.js";
import { elements } from "../../src/ir/types.js";
import type { Engine } from "../../src/runtime/trainer.js";
import { engineOf } from "../target/wasm/engines.js";

export class Network {
  /** Parameters and states, in the program's layouts. */
  readonly slots: Map<string, Float64Array>;
  private step = 0;

  constructor(
    readonly program: Program,
    private readonly seed: number,
  ) {
    this.slots = new Map(interpret(program.entries.get("initialise")!, { slots: new Map(), inputs: new Map(), seed, step: 0 }).updates);
  }

  /** Runs an entry; what it updates is kept when `keep` says so. */
  run(entry: "forward" | "evaluate" | "step", given: Readonly<Record<string, Float64Array>> = {}, keep = false): Outcome {
    const own: Readonly<Record<string, number>> = { step: this.step, steps: 1e9, valid: 1 };
    const inputs = new Map(this.program.inputs.map(({ name, type }) => [name, given[name] ?? new Float64Array(elements(type.axes)).fill(own[name]!)]));
    const outcome = interpret(this.program.entries.get(entry)!, { slots: this.slots, inputs, seed: this.seed, step: this.step });
    if (!keep) return outcome;
    this.step++;
    for (const [slot, data] of outcome.updates) this.slots.set(slot, data);
    return outcome;
  }

  /** The gradients of the loss by every parameter, of a spec whose recipe is `sgd` with a rate of 1. */
  gradients({ updates }: Outcome): ReadonlyMap<string, Float64Array> {
    return new Map(this.program.parameters.map(({ name }) => [name, this.slots.get(name)!.map((value, i) => value - updates.get(name)![i]!)]));
  }
}

/** A spec's one recipe. @throws Error with the compiler's messages when it has mistakes. */
export function compiledOf(text: string): Compiled {
  const { recipes, diagnostics } = compile("theory.norm", text, { readSpec: () => undefined, readLibrary });
  const compiled = [...recipes.values()][0];
  if (compiled === undefined) throw new Error([...diagnostics.map(({ message }) => message), text].join("\n"));
  return compiled;
}

/** Runs a recipe in float32 on the CPU, with first values drawn by a seed. */
export function onCpu<T>(compiled: Compiled, seed: number, use: (engine: Engine) => Promise<T>): Promise<T> {
  return engineOf(true, 1)({ ...compiled, manifest: { ...compiled.manifest, seed } }, async (engine) => {
    await engine.initialise();
    return use(engine);
  });
}

/** A recipe whose steps subtract the gradient. */
export const plainSteps = (batch: number) => `data npy("data")\n optimizer sgd\n schedule constant(peak: 1)\n batch ${batch}\n steps 1`;

export function length(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

export function meanSquare({ data }: Pick<Tensor, "data">): number {
  return length(data) ** 2 / data.length;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
