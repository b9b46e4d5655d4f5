/** Methods that torch's modules are put together to: `pytorch/methods.json`. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import { type Tolerance, expectAllClose, expectClose } from "./fixtures.js";
import { type CompiledLayer, type NamedTensor, type NamedTensors, compileLayer } from "./harness.js";

interface MethodCase {
  readonly inputs: NamedTensors;
  readonly parameters: NamedTensors;
  readonly output: NamedTensor;
  readonly gradients: NamedTensors;
}
const cases = JSON.parse(readFileSync(new URL("pytorch/methods.json", import.meta.url), "utf8")) as Readonly<Record<string, MethodCase>>;

/** Both sides are float64 and sum in different orders. */
const tolerance: Tolerance = { absolute: 1e-12, relative: 1e-10 };

/** Fails unless `layer main(x, …)` of a spec has the case's parameters, output and gradients. */
export function expectTorch(name: string, spec: string): void {
  const { inputs, parameters, output, gradients } = cases[name]!;
  const { cotangent, ...given } = inputs;
  const compiled = compileLayer(spec, given);
  expect([...compiled.parameters.keys()].sort()).toEqual(Object.keys(parameters).sort());
  const result = compiled.run("training", { inputs: given, parameters, cotangent: cotangent! });
  expectClose("output", result.output, output, tolerance);
  expectAllClose("gradient of", result.gradients, gradients, tolerance);
}

/** Normal numbers by a name. */
export function drawn(name: string, axes: readonly string[], shape: readonly number[]): NamedTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return { axes, shape, data: normals(keyOf(9, name, 0), count, new Float64Array(count)) as Float64Array };
}

/** Parameters of a layer, drawn but for those to which `own` gives a number. */
export function drawnParameters(compiled: CompiledLayer, own: (name: string) => number | undefined = () => undefined): NamedTensors {
  return Object.fromEntries([...compiled.parameters].map(([name, { axes }]) => {
    const tensor = drawn(name, axes.map((axis) => axis.name), axes.map((axis) => axis.extent));
    const value = own(name);
    return [name, value === undefined ? tensor : { ...tensor, data: tensor.data.map(() => value) }];
  }));
}

/** How many numbers the parameters of a layer have. */
export function parameterCount(compiled: CompiledLayer): number {
  return [...compiled.parameters.values()].reduce((sum, { axes }) => sum + axes.reduce((product, axis) => product * axis.extent, 1), 0);
}
