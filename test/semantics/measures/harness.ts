/** Runs measures: of a recipe, by the float64 interpreter in the place of a target's engine; and of given tensors alone. */

import type { Compiled } from "../../../src/compiler/compile.js";
import { interpret } from "../../../src/ir/interpret.js";
import type { Batches } from "../../../src/runtime/batches.js";
import { measuresOf } from "../../../src/runtime/measures.js";
import type { Measured } from "../../../src/runtime/measuring.js";
import type { Batch, Manifest, NamedTensors } from "../../../src/runtime/trainer.js";
import { compiled, spec } from "../check/harness.js";

/** Held-out batches with these values of the inputs, in order. */
export function heldOut({ batch }: Pick<Manifest, "batch">, batches: readonly NamedTensors[], stepsPerEpoch = 5): Batches {
  return {
    description: "tensors",
    stepsPerEpoch,
    trainingExamples: stepsPerEpoch * batch,
    heldOutExamples: batches.length * batch,
    training: () => [],
    heldOut: () => batches.map((inputs): Batch => ({ inputs, valid: batch })),
  };
}

/** The measures of a recipe after `step` steps, where its slots have these values. */
export async function measured({ program, manifest }: Compiled, slots: ReadonlyMap<string, Float64Array>, batches: readonly NamedTensors[], step = 10): Promise<Readonly<Record<string, Measured>>> {
  const engine = {
    async measure(entry: string, { inputs }: Batch, at: number, steps: number) {
      const given = new Map([...inputs].map(([name, values]) => [name, Float64Array.from(values)]));
      given.set("step", Float64Array.of(at)).set("steps", Float64Array.of(steps));
      const { results } = interpret(program.entries.get(entry)!, { slots, inputs: given, seed: manifest.seed, step: at });
      return new Map([...results].map(([name, { data }]) => [name, data]));
    },
  };
  return (await measuresOf(manifest, engine, heldOut(manifest, batches), step).take(step, undefined))!;
}

/** The first values of a program's slots. */
export function firstValues({ program, manifest }: Compiled): Map<string, Float64Array> {
  return new Map(interpret(program.entries.get("initialise")!, { slots: new Map(), inputs: new Map(), seed: manifest.seed, step: 0 }).updates);
}

/** What measures make of tensors alone: those of `x[batch, feature]` and `y`, by their expressions. */
export async function ofTensors(measures: readonly string[], x: readonly (readonly number[])[], y = x, definitions = ""): Promise<Readonly<Record<string, Measured>>> {
  const [examples, features] = [x.length, x[0]!.length];
  const text = `${definitions}
model plain { input x[feature: ${features}] input y[feature: ${features}] param w = 1 loss mean((w * x - y)^2) }
train run of plain {
  data npy("x")
  optimizer sgd(momentum: 0)
  schedule constant(peak: 1)
  batch ${examples}
  steps 10
  measure ${measures.join(", ")} of ${examples} examples
}`;
  const inputs = new Map([["x", Float32Array.from(x.flat())], ["y", Float32Array.from(y.flat())]]);
  const recipe = compiled(text);
  return measured(recipe, firstValues(recipe), [inputs]);
}

export { spec };
