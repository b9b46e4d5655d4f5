/** Lion and LARS against their rules, written out in JavaScript. */

import { expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import type { NamedTensor } from "./harness.js";
import { train } from "./recipes.js";

const steps = 6;
const rate = 0.1;
const first = [0.3, -0.2, 0.5, 0.1];
const gradients = Array.from({ length: steps }, (_, step) => [...normals(keyOf(9, "gradient", step), first.length, new Float64Array(first.length))]);
const along = (data: readonly number[]): NamedTensor => ({ axes: ["feature"], shape: [data.length], data });

/** The parameter after each step, with the gradients given: the loss is linear in it. */
function course(optimizer: string, start: readonly number[]): readonly (readonly number[])[] {
  const training = train(`
    model line() {
      input dw[feature: 4]
      w = param[feature: 4] = 0
      loss sum(w * dw)
    }
    train recipe of line {
      data npy("nothing")
      optimizer ${optimizer}
      schedule constant(peak: ${rate})
      batch 1
      steps ${steps}
    }`);
  training.set({ w: along(start) });
  return gradients.map((gradient) => {
    training.step({ dw: { axes: ["batch", "feature"], shape: [1, 4], data: gradient } });
    return [...training.values.get("w")!.data];
  });
}

function expectCourse(found: readonly (readonly number[])[], start: readonly number[], rule: (p: number[], g: readonly number[]) => void): void {
  const p = [...start];
  gradients.forEach((gradient, step) => {
    rule(p, gradient);
    p.forEach((value, i) => expect(found[step]![i], `step ${step}, element ${i}`).toBeCloseTo(value, 12));
  });
}

test.each([0, 0.3])("lion moves by the sign of what it remembers, with a decay of %f", (decay) => {
  const m = first.map(() => 0);
  expectCourse(course(`lion(decay: ${decay})`, first), first, (p, g) => {
    p.forEach((own, i) => {
      p[i] = own - rate * (Math.sign(0.9 * m[i]! + 0.1 * g[i]!) + decay * own);
      m[i] = 0.99 * m[i]! + 0.01 * g[i]!;
    });
  });
});

test.each<readonly [string, readonly number[], number]>([
  ["lengths", first, 0],
  ["lengths, decayed", first, 0.3],
  ["nothing where the parameter is 0", [0, 0, 0, 0], 0],
])("lars scales the gradient by %s", (_, start, decay) => {
  const velocity = start.map(() => 0);
  expectCourse(course(`lars(decay: ${decay}, trust: 0.02)`, start), start, (p, g) => {
    const decayed = g.map((own, i) => own + decay * p[i]!);
    const [length, steepness] = [Math.hypot(...p), Math.hypot(...decayed)];
    const share = length > 0 && steepness > 0 ? (0.02 * length) / steepness : 1;
    p.forEach((own, i) => {
      velocity[i] = 0.9 * velocity[i]! + decayed[i]! * share;
      p[i] = own - rate * velocity[i]!;
    });
  });
});
