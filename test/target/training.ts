/** Whole recipes on a target, step by step, beside the float64 interpreter. */

import { beforeAll, expect, test } from "vitest";
import type { Compiled } from "../../src/compiler/compile.js";
import { interpret } from "../../src/ir/interpret.js";
import type { Program } from "../../src/ir/program.js";
import { elements } from "../../src/ir/types.js";
import { keyOf, uniforms } from "../../src/random/threefry.js";
import type { Batch, Engine, Manifest } from "../../src/runtime/trainer.js";

/** Makes an engine of a recipe, which is there for `use` alone. */
export type WithEngine = <T>(compiled: Compiled, use: (engine: Engine) => Promise<T>) => Promise<T>;

/**
 * First values are drawn: logarithms near 1 and cosines are good to some 1e-7. Sums in float32 lose some 1e-6 of gradients, and
 * three steps hand it on; statistics over a few examples whose class tokens are nearly equal make most of it, since the
 * differences that they divide by are small.
 */
const tolerance = { ofFirst: 1e-5, later: 1e-3 };

/** Tests that a recipe's first values, three steps and an evaluation are those of the interpreter. */
export function testCourse(compiled: Compiled, engines: Readonly<Record<string, WithEngine>>): void {
  const batches = [0, 1, 2].map((number) => randomBatch(compiled.manifest, number));
  let expected: Course;
  beforeAll(() => {
    expected = interpreted(compiled, batches);
  }, 60_000);

  test.each(Object.entries(engines))("%s", { timeout: 120_000 }, async (_, withEngine) => {
    const found = await withEngine(compiled, (engine) => computed(engine, batches, expected.first));
    expect(tooLarge(differences(compiled.program, found, expected))).toEqual([]);
  });
}

/** How many steps the schedules of rates are told of. */
const ofSteps = 10;

type Numbers = Readonly<Record<string, number>>;
type Slots = ReadonlyMap<string, ArrayLike<number>>;

/** What a run gave. */
export interface Course {
  /** Slots as `initialise` made them. */
  readonly first: Slots;
  readonly steps: readonly { readonly results: Numbers; readonly slots: Slots }[];
  readonly evaluation: Numbers;
}

/** A batch of random numbers for the inputs: in [0, 1) as pixels are, or whole numbers as the input bounds them. */
export function randomBatch(manifest: Manifest, number: number): Batch {
  const inputs = new Map(manifest.inputs.map(({ name, type, axes, below = 2 }) => {
    const unit = uniforms(keyOf(3, name, number), elements(axes)) as Float32Array;
    return [name, type === "f32" ? unit : Int32Array.from(unit, (value) => Math.floor(value * below))] as const;
  }));
  return { inputs, valid: manifest.batch };
}

/** The interpreter's course over some batches; the first values are rounded to float32, so that devices can start from them. */
function interpreted({ program, manifest }: Compiled, batches: readonly Batch[]): Course {
  const { seed } = manifest;
  const entry = (name: string) => program.entries.get(name)!;
  const initial = interpret(entry("initialise"), { slots: new Map(), inputs: new Map(), seed, step: 0 }).updates;
  const first = new Map([...initial].map(([name, values]) => [name, values.map(Math.fround)]));
  const slots = new Map<string, Float64Array>(first);
  const inputsOf = ({ inputs, valid }: Batch, step: number) =>
    new Map([
      ...[...inputs].map(([name, values]) => [name, Float64Array.from(values)] as const),
      ["step", Float64Array.of(step)] as const,
      ["steps", Float64Array.of(ofSteps)] as const,
      ["valid", Float64Array.from({ length: manifest.batch }, (_, i) => Number(i < valid))] as const,
    ]);
  const numbers = (results: ReadonlyMap<string, { data: Float64Array }>) => Object.fromEntries([...results].map(([name, { data }]) => [name, data[0]!]));
  const steps = batches.map((batch, step) => {
    const { results, updates } = interpret(entry("step"), { slots, inputs: inputsOf(batch, step), seed, step });
    for (const [name, values] of updates) slots.set(name, values);
    return { results: numbers(results), slots: new Map<string, Float64Array>(slots) };
  });
  const evaluation = interpret(entry("evaluate"), { slots, inputs: inputsOf(shortened(batches[0]!), 0), seed, step: 0 });
  return { first, steps, evaluation: numbers(evaluation.results) };
}

/** The course of an engine, which starts from `first`, or from its own first values. */
export async function computed(engine: Engine, batches: readonly Batch[], first?: Slots): Promise<Course> {
  await engine.initialise();
  const own = await engine.read();
  if (first !== undefined) await engine.write(new Map([...first].map(([name, values]) => [name, Float32Array.from(values)])));
  const steps: Course["steps"][number][] = [];
  for (const [step, batch] of batches.entries()) {
    const { finite, loss, rate, reports } = await engine.step(batch, step, ofSteps);
    if (!finite) throw new Error(`step ${step} is not finite`);
    steps.push({ results: { loss, rate, ...reports }, slots: await engine.read() });
  }
  return { first: own, steps, evaluation: await engine.evaluate(shortened(batches[0]!)) };
}

/** A batch whose last example is only there to fill it. */
function shortened(batch: Batch): Batch {
  return { ...batch, valid: batch.valid - 1 };
}

interface Difference {
  readonly what: string;
  readonly by: number;
}

/**
 * Where two courses differ: the largest difference of a tensor's elements, relative to the largest element of all slots of its
 * kind. A kind is one of an optimizer's states, such as first moments, or a parameter by itself.
 */
function differences(program: Program, found: Course, expected: Course): Difference[] {
  const kinds = new Map([
    ...program.parameters.map(({ name }) => [name, name] as const),
    ...program.states.map(({ name, owner }) => [name, owner === "optimizer" ? name.slice(name.lastIndexOf(".")) : name] as const),
  ]);
  const ofSlots = (title: string, some: Slots, others: Slots) => {
    const scales = new Map<string, number>();
    for (const [name, values] of others) scales.set(kinds.get(name)!, Math.max(scales.get(kinds.get(name)!) ?? leastScale, ...Array.from(values, Math.abs)));
    return [...others].map(([name, values]) => ({ what: `${title}: ${name}`, by: largestDifference(some.get(name)!, values) / scales.get(kinds.get(name)!)! }));
  };
  const ofNumbers = (title: string, some: Numbers, others: Numbers) =>
    Object.entries(others).map(([name, value]) => ({ what: `${title}: ${name}`, by: Math.abs(some[name]! - value) / Math.max(leastScale, Math.abs(value)) }));
  return [
    ...ofSlots(firstValues, found.first, expected.first),
    ...expected.steps.flatMap(({ results, slots }, step) => [
      ...ofNumbers(`step ${step}`, found.steps[step]!.results, results),
      ...ofSlots(`step ${step}`, found.steps[step]!.slots, slots),
    ]),
    ...ofNumbers("evaluation", found.evaluation, expected.evaluation),
  ].map(({ what, by }) => ({ what, by: Number.isNaN(by) ? Infinity : by }));
}

/** Those that are larger than they may be. */
function tooLarge(all: readonly Difference[]): Difference[] {
  return all.filter(({ what, by }) => by > (what.startsWith(firstValues) ? tolerance.ofFirst : tolerance.later));
}
const firstValues = "first values";

/** Parameters that begin as zeros move by some thousandths a step, and noise moves those without a gradient by some millionths. */
const leastScale = 3e-3;

function largestDifference(some: ArrayLike<number>, others: ArrayLike<number>): number {
  let most = some.length === others.length ? 0 : Infinity;
  for (let i = 0; i < others.length; i++) most = Math.max(most, Math.abs(some[i]! - others[i]!));
  return most;
}
