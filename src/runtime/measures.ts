/**
 * A run's measures: the engine gives tensors of held-out examples, and programs of the IR, computed here in float64 whatever the
 * engine, make numbers of them.
 */

import { interpret } from "../ir/interpret.js";
import { parseProgram } from "../ir/parse.js";
import type { Program } from "../ir/program.js";
import { IrError } from "../ir/types.js";
import type { Batches } from "./batches.js";
import { RunError } from "./errors.js";
import { nextTurn } from "./next-turn.js";
import type { Measured, MeasureTaker } from "./measuring.js";
import type { CollectedTensor, Engine, Manifest, Measurement } from "./trainer.js";

interface Line {
  readonly measurement: Measurement;
  readonly program: Program;
}

/**
 * What takes the measures of a manifest.
 * @param steps of the whole run.
 * @throws RunError when a program is damaged, or there are fewer held-out examples than are to be measured.
 */
export function measuresOf(manifest: Manifest, engine: Pick<Engine, "measure">, data: Batches, steps: number): MeasureTaker {
  const lines = (manifest.measures ?? []).map((measurement): Line => ({ measurement, program: programOf(measurement) }));
  for (const { measurement } of lines) checkExamples(measurement, manifest.batch, data.heldOutExamples);
  const isDueAt = (step: number) => ({ measurement: { every } }: Line) => step > 0 && (step >= steps || step % (every.unit === "epochs" ? every.count * data.stepsPerEpoch : every.count) === 0);
  return {
    isDue: (step) => lines.some(isDueAt(step)),
    async take(step, signal) {
      const due = lines.filter(isDueAt(step));
      const values = new Map<string, Measured>();
      for (const entry of new Set(due.map(({ measurement }) => measurement.entry))) {
        const own = due.filter(({ measurement }) => measurement.entry === entry).map((line) => ({ line, collection: new Collection(line.measurement, manifest.batch) }));
        for (const batch of data.heldOut()) {
          const open = own.filter(({ collection }) => !collection.isComplete);
          if (open.length === 0) break;
          // In evaluation random numbers are those of the evaluations: always the same.
          const inTraining = open[0]!.line.measurement.mode === "training";
          const tensors = await engine.measure(entry, batch, inTraining ? Math.max(0, step - 1) : 0, inTraining ? steps : 0);
          for (const { collection } of open) collection.add(tensors);
          await nextTurn();
          if (signal?.aborted) return undefined;
        }
        for (const { line, collection } of own) for (const [name, value] of computed(line, collection, manifest.seed, step)) values.set(name, value);
      }
      return Object.fromEntries(due.flatMap(({ measurement }) => measurement.values.map((name) => [name, values.get(name)!])));
    },
  };
}

function programOf({ program, values, collected }: Measurement): Program {
  try {
    const parsed = parseProgram(program);
    const entry = parsed.entries.get("measure");
    const fits = entry !== undefined && values.every((_, i) => entry.results.has(`m${i}`)) && parsed.inputs.every(({ name }) => collected.some((own) => own.name === name));
    if (!fits) throw new IrError("it lacks a result, or reads what is not collected");
    return parsed;
  } catch (cause) {
    if (!(cause instanceof IrError)) throw cause;
    throw new RunError(`the manifest is damaged: the program that measures ${values.join(", ")} is none: ${cause.message}`, { cause });
  }
}

/** Measures take whole batches, so that no example counts twice in what examples of a batch have in common. */
function checkExamples({ values, examples }: Measurement, batch: number, heldOut: number): void {
  const whole = Math.floor(heldOut / batch) * batch;
  if (examples <= whole) return;
  const mend = whole === 0 ? "Make the batch smaller, or hold out more examples" : `Write \`of ${whole} examples\` behind the measure, or hold out more`;
  throw new RunError(
    `${values[0]} is measured of ${examples} examples, and there are ${heldOut} held-out examples, which are ${whole} in whole batches of ${batch}. ${mend}`,
  );
}

/** What batches give, put together. */
class Collection {
  private readonly arrays: ReadonlyMap<string, Float64Array>;
  private batches = 0;

  constructor(
    private readonly measurement: Measurement,
    private readonly batch: number,
  ) {
    this.arrays = new Map(measurement.collected.map((tensor) => [tensor.name, new Float64Array(sizeOf(tensor, measurement.examples))]));
  }

  get isComplete(): boolean {
    return this.batches * this.batch >= this.measurement.examples || this.arrays.size === 0;
  }

  add(tensors: ReadonlyMap<string, ArrayLike<number>>): void {
    const first = this.batches * this.batch;
    const rows = Math.min(this.batch, this.measurement.examples - first);
    this.batches++;
    for (const tensor of this.measurement.collected) {
      const from = tensors.get(tensor.name);
      if (from?.length !== sizeOf(tensor, this.batch)) throw new Error(`the engine gives ${from?.length ?? "no"} values for ${tensor.name}`);
      const to = this.arrays.get(tensor.name)!;
      if (tensor.combine === "rows") this.addRows(tensor, from, to, first, rows);
      else for (let i = 0; i < to.length; i++) to[i] = tensor.combine === "last" ? from[i]! : to[i]! + (from[i]! - to[i]!) / this.batches;
    }
  }

  inputs(): ReadonlyMap<string, Float64Array> {
    return this.arrays;
  }

  private addRows({ axes }: CollectedTensor, from: ArrayLike<number>, to: Float64Array, first: number, rows: number): void {
    const at = axes.findIndex(({ name }) => name === "batch");
    const inner = product(axes.slice(at + 1).map(({ extent }) => extent));
    const outer = product(axes.slice(0, at).map(({ extent }) => extent));
    for (let o = 0; o < outer; o++) {
      const source = o * this.batch * inner;
      const target = (o * this.measurement.examples + first) * inner;
      for (let i = 0; i < rows * inner; i++) to[target + i] = from[source + i]!;
    }
  }
}

/** How many elements a tensor has, with so many examples. */
function sizeOf({ axes, combine }: CollectedTensor, examples: number): number {
  return product(axes.map(({ name, extent }) => (combine === "rows" && name === "batch" ? examples : extent)));
}

function product(factors: readonly number[]): number {
  return factors.reduce((a, b) => a * b, 1);
}

function computed({ measurement, program }: Line, collection: Collection, seed: number, step: number): [string, Measured][] {
  const { results } = interpret(program.entries.get("measure")!, { slots: new Map(), inputs: collection.inputs(), seed, step });
  return measurement.values.map((name, i) => {
    const { type, data } = results.get(`m${i}`)!;
    const numbers = Array.from(data, (value) => (Number.isFinite(value) ? value : null));
    return [name, type.axes.length === 0 ? numbers[0]! : numbers];
  });
}
