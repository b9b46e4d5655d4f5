/** Derivatives by finite differences, to check those of the compiler with. */

import { expect } from "vitest";
import { type CompiledLayer, type Given, type Mode, type NamedTensor, laidOut } from "../../oracle/harness.js";
import type { Draw } from "./draw.js";

/**
 * Central differences of fourth order: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h. With h = 1e-3 its own error is
 * h^4 / 30 = 3e-14 of the fifth derivative, and 2e-13 of the value by rounding.
 */
const h = 1e-3;
/** The fifth derivatives met here reach some thousands. */
const tolerance = 1e-9;

export function slopeAt(f: (by: number) => number): number {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

/** Fails unless the derivative along a random direction, by the gradient, is that by differences of `lossAt`. */
export function expectSlope(what: string, gradient: NamedTensor, draw: Draw, lossAt: (direction: NamedTensor, by: number) => number): void {
  const extents = Object.fromEntries(gradient.axes.map((name, i) => [name, gradient.shape[i]!]));
  // An element that is wrong shows in almost every direction.
  const direction = unit(draw.normal(extents));
  const terms = gradient.data as Float64Array;
  const expected = slopeAt((by) => lossAt(direction, by));
  const found = terms.reduce((sum, value, i) => sum + value * direction.data[i]!, 0);
  const size = terms.reduce((sum, value, i) => sum + Math.abs(value * direction.data[i]!), 1);
  if (!(Math.abs(found - expected) <= tolerance * size)) expect.fail(`${what}: the slope is ${expected}, and by the gradient ${found}`);
}

/** Scaled to length 1, so that h is how far one goes. */
function unit(direction: NamedTensor): NamedTensor {
  const data = direction.data as Float64Array;
  const length = Math.hypot(...data);
  return { ...direction, data: data.map((value) => value / length) };
}

/** Checks every gradient of a layer at a point: of its arguments and of its parameters. */
export function expectGradients(compiled: CompiledLayer, mode: Mode, given: Given, draw: Draw): void {
  const { gradients } = compiled.run(mode, given);
  expect(gradients.size).toBeGreaterThan(0);
  for (const [name, gradient] of gradients) {
    const kind = given.inputs?.[name] === undefined ? "parameters" : "inputs";
    expectSlope(`${mode}: d ${name}`, gradient, draw, (direction, by) => {
      const axes = gradient.axes.map((axis, i) => ({ name: axis, extent: gradient.shape[i]! }));
      const value = laidOut(given[kind]![name]!, { dtype: "f32", axes });
      const moved = { ...gradient, data: value.map((own, i) => own + by * direction.data[i]!) };
      return compiled.loss(mode, { ...given, [kind]: { ...given[kind], [name]: moved } });
    });
  }
}
