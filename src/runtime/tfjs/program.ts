/** What an emitted `program.js` gets and gives. */

import type { Tensor, Rank } from "@tensorflow/tfjs-core";

export type TensorFlow = typeof import("@tensorflow/tfjs-core");

/** What a program reads and hands over, and the helpers for what TensorFlow.js lacks. */
export interface ProgramRuntime extends Operations {
  /** The present value of a parameter or a state. It stays the runtime's. */
  slot(name: string): Tensor;
  /** An input of this run. It stays the runtime's. */
  input(name: string): Tensor;
  /** Hands over what a slot will be when the run is done. */
  update(name: string, value: Tensor): void;
  /** The next calls belong to section `section` of `origins`, at `place` in the model. */
  at(section: number, place: string): void;
  /** Numbers uniform in [0, 1), keyed by seed, stream and step. */
  uniform(stream: string, shape: number[]): Tensor;
  /** Standard normal numbers, keyed by seed, stream and step. */
  normal(stream: string, shape: number[]): Tensor;
}

/** Operations that TensorFlow.js lacks, or that one of its backends does wrongly or slowly. */
export interface Operations {
  /** `x` repeated to `shape`, with which its own shape can be broadcast. */
  broadcastTo<R extends Rank>(x: Tensor, shape: number[]): Tensor<R>;
  /** e to the power of `x`, where no element of `x` is above 0. */
  expOfNonPositive(x: Tensor): Tensor;
  /** −1, 0 or 1. */
  sign(x: Tensor): Tensor;
  /** The order that sorts each row of `x` upwards; equal elements keep their order. */
  argsort(x: Tensor): Tensor;
  /** `x`, through which no gradient flows. */
  stopGradient(x: Tensor): Tensor;
}

/** An entry: gives its results by name; the caller disposes them. */
export type EntryFunction = () => Record<string, Tensor>;

export interface Program {
  initialise: EntryFunction;
  step: EntryFunction;
  evaluate: EntryFunction;
  /** Those of measures: `measure`, `measure_2` and so on. */
  [measure: `measure${string}`]: EntryFunction;
}

/** An emitted `program.js`. */
export interface ProgramModule {
  createProgram(tf: TensorFlow, runtime: ProgramRuntime): Program;
  readonly origins: readonly string[];
}
