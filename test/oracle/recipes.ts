/** Compiles the one recipe of a spec as `norm train` does, and takes its steps in float64. */

import { compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import { interpret } from "../../src/ir/interpret.js";
import type { Program } from "../../src/ir/program.js";
import { type NamedTensor, type NamedTensors, laidOut } from "./harness.js";

export class Training {
  /** Parameters and states, of the model and of the optimizer, in the program's layouts. */
  readonly slots = new Map<string, Float64Array>();
  private stepsDone = 0;

  constructor(
    readonly program: Program,
    private readonly seed: number,
    private readonly steps: number,
  ) {
    this.take("initialise", {});
  }

  /** Gives parameters and states other values. @throws Error when there is no slot of a name. */
  set(tensors: NamedTensors): void {
    for (const [name, tensor] of Object.entries(tensors)) {
      const slot = [...this.program.parameters, ...this.program.states].find((own) => own.name === name);
      if (slot === undefined) throw new Error(`the program has no slot \`${name}\``);
      this.slots.set(name, laidOut(tensor, slot.type));
    }
  }

  /** The present values of the slots, with their axes. */
  get values(): ReadonlyMap<string, NamedTensor> {
    const { parameters, states } = this.program;
    return new Map([...parameters, ...states].map(({ name, type }) => {
      const [axes, shape] = [type.axes.map((axis) => axis.name), type.axes.map((axis) => axis.extent)];
      return [name, { axes, shape, data: this.slots.get(name)! }];
    }));
  }

  /** A whole training step; gives its loss and reports. */
  step(inputs: NamedTensors = {}): Readonly<Record<string, number>> {
    const results = this.take("step", inputs);
    this.stepsDone++;
    return results;
  }

  /** The loss and reports of a pass that changes nothing. */
  look(entry: "forward" | "evaluate", inputs: NamedTensors = {}): Readonly<Record<string, number>> {
    return this.take(entry, inputs, false);
  }

  private take(name: string, tensors: NamedTensors, keep = true): Readonly<Record<string, number>> {
    const inputs = new Map(this.program.inputs.flatMap((input): [string, Float64Array][] => {
      const tensor = tensors[input.name];
      if (tensor !== undefined) return [[input.name, laidOut(tensor, input.type)]];
      const extent = input.type.axes[0]?.extent ?? 1;
      const own: Readonly<Record<string, number>> = { step: this.stepsDone, steps: this.steps, valid: 1 };
      return own[input.name] === undefined ? [] : [[input.name, new Float64Array(extent).fill(own[input.name]!)]];
    }));
    const outcome = interpret(this.program.entries.get(name)!, { slots: this.slots, inputs, seed: this.seed, step: this.stepsDone });
    if (keep) for (const [slot, data] of outcome.updates) this.slots.set(slot, data);
    return Object.fromEntries([...outcome.results].map(([key, { data }]) => [key, data[0]!]));
  }
}

/** Compiles a spec with one recipe. @throws Error with the compiler's messages when it has mistakes. */
export function train(text: string, seed?: number): Training {
  const compilation = compile("spec.norm", text, { readSpec: () => undefined, readLibrary });
  const compiled = [...compilation.recipes.values()][0];
  if (compiled === undefined) {
    const messages = compilation.diagnostics.map((one) => `${one.code} ${one.message}`);
    throw new Error(["the spec has mistakes:", ...messages, text].join("\n"));
  }
  return new Training(compiled.program, seed ?? compiled.recipe.seed, compiled.recipe.steps ?? 1);
}
