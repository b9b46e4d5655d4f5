/** Runs single entries of emitted programs, and compares them with the interpreter. */

import type { Tensor } from "@tensorflow/tfjs-core";
import { interpret } from "../../../src/ir/interpret.js";
import type { Entry, Program } from "../../../src/ir/program.js";
import { type TensorType, elements } from "../../../src/ir/types.js";
import { keyOf, normals, uniforms } from "../../../src/random/threefry.js";
import { createOperations } from "../../../src/runtime/tfjs/operations.js";
import type { ProgramModule, ProgramRuntime, TensorFlow } from "../../../src/runtime/tfjs/program.js";
import { importProgram } from "../../../src/runtime/tfjs/trainer.js";
import { emitTfjs } from "../../../src/target/tfjs/emit.js";
import { manifestOf } from "./model.js";

export type Values = Map<string, Float64Array>;

export interface Run {
  readonly results: Map<string, Float64Array>;
  readonly updates: Map<string, Float64Array>;
}

export async function load(program: Program): Promise<ProgramModule> {
  return importProgram(await emitTfjs(program, manifestOf(program, 1)));
}

/** Numbers for every slot and input, the same for the same program: normal, or whole numbers below the bound. */
export function randomValues(program: Program, seed = 1): { slots: Values; inputs: Values } {
  const draw = (name: string, type: TensorType, below: number): Float64Array => {
    const count = elements(type.axes);
    const data = new Float64Array(count);
    if (type.dtype === "f32") return Float64Array.from(normals(keyOf(seed, name, 0), count, data), Math.fround);
    return uniforms(keyOf(seed, name, 0), count, data).map((value) => Math.floor(value * below)) as Float64Array;
  };
  const slots = new Map([...program.parameters, ...program.states].map(({ name, type }) => [name, draw(name, type, 5)]));
  const inputs = new Map(program.inputs.map(({ name, type, below }) => [name, draw(name, type, below ?? 5)]));
  return { slots, inputs };
}

export function tensorOf(tf: TensorFlow, type: TensorType, data: Float64Array): Tensor {
  const shape = type.axes.map((axis) => axis.extent);
  return type.dtype === "i32" ? tf.tensor(Int32Array.from(data), shape, "int32") : tf.tensor(Float32Array.from(data), shape);
}

/** A runtime over given tensors. */
export function runtimeOf(
  tf: TensorFlow,
  slots: ReadonlyMap<string, Tensor>,
  inputs: ReadonlyMap<string, Tensor>,
  { seed = 7, step = 0, update = () => undefined }: { seed?: number; step?: number; update?: (name: string, value: Tensor) => void } = {},
): ProgramRuntime {
  const random = (draw: typeof uniforms) => (stream: string, shape: number[]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return tf.tensor(draw(keyOf(seed, stream, step), count, new Float32Array(count)) as Float32Array, shape);
  };
  return {
    ...createOperations(tf),
    slot: (name) => slots.get(name)!,
    input: (name) => inputs.get(name)!,
    update,
    at: () => undefined,
    uniform: random(uniforms),
    normal: random(normals),
  };
}

/** Runs an entry on the device that `tf` is set to, and checks that it leaves no tensor behind but what it gives. */
export function runEntry(tf: TensorFlow, program: Program, module: ProgramModule, name: string, values: { slots: Values; inputs: Values }): Run {
  const types = new Map([...program.parameters, ...program.states, ...program.inputs].map((slot) => [slot.name, slot.type]));
  const upload = (given: Values) => new Map([...given].map(([key, data]) => [key, tensorOf(tf, types.get(key)!, data)]));
  const [slots, inputs] = [upload(values.slots), upload(values.inputs)];
  const updates = new Map<string, Tensor>();
  const runtime = runtimeOf(tf, slots, inputs, { update: (slot, value) => void updates.set(slot, value) });
  const before = tf.memory().numTensors;
  const results = (module.createProgram(tf, runtime) as unknown as Record<string, () => Record<string, Tensor>>)[name]!();
  const kept = Object.keys(results).length + updates.size;
  const leaked = tf.memory().numTensors - before - kept;
  if (leaked !== 0) throw new Error(`${leaked} tensors are left behind`);
  const read = (tensor: Tensor) => Float64Array.from(tensor.dataSync());
  const run = {
    results: new Map(Object.entries(results).map(([key, tensor]) => [key, read(tensor)])),
    updates: new Map([...updates].map(([key, tensor]) => [key, read(tensor)])),
  };
  tf.dispose([results, ...updates.values(), ...slots.values(), ...inputs.values()]);
  return run;
}

/** What the interpreter gives. */
export function reference(entry: Entry, values: { slots: Values; inputs: Values }): Run {
  const { results, updates } = interpret(entry, { ...values, seed: 7, step: 0 });
  return { results: new Map([...results].map(([name, tensor]) => [name, tensor.data])), updates: new Map(updates) };
}

/**
 * The largest difference, relative to the largest finite number that is expected, or to `least` where that is larger: what
 * cancels to nothing leaves rounding errors. Infinite when NaN or infinities differ.
 */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>, least = 1e-30): number {
  if (actual.length !== expected.length) return Infinity;
  let most = 0;
  let scale = least;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
    if (Object.is(a, b)) continue;
    most = Math.max(most, Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) : Infinity);
  }
  return most / scale;
}
