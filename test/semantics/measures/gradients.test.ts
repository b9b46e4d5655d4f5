/** Gradients that measures ask for, beside central differences of the loss. */

import { describe, expect, test } from "vitest";
import { interpret } from "../../../src/ir/interpret.js";
import { keyOf, normals } from "../../../src/random/threefry.js";
import type { NamedTensors } from "../../../src/runtime/trainer.js";
import { compiled } from "../check/harness.js";
import { firstValues, measured, spec } from "./harness.js";

const batch = 8;
const batches = [0, 1].map((number): NamedTensors => new Map<string, Float32Array | Int32Array>([
  ["image", Float32Array.from(normals(keyOf(4, "image", number), batch * 4 * 8))],
  ["label", Int32Array.from({ length: batch }, (_, i) => (i * 7 + number) % 3)],
]));
const definitions = `
measure gradients(x) { return merge(gradient(x), feature into value) }
measure of_examples(x) { g = example_gradients(x) return merge(mean(g over batch), feature into value) }
measure by_position(p) { return merge(sum(gradient(p along token) over token), feature into value) }
measure at_token(x, i) { return merge(sum(slice(gradient(x) along token, from: i, size: 1) over batch, token), feature into value) }
measure product(p) {
  g = example_gradients(p)
  return sum(slice(g along batch, from: 0, size: 1)[batch as one] * slice(g along batch, from: 1, size: 1)[batch as two])
}
`;
const recipe = (settings: string) => compiled(spec({ more: definitions, settings }));

/** The mean over the batches of the loss in evaluation. */
function loss({ program, manifest }: ReturnType<typeof compiled>, slots: ReadonlyMap<string, Float64Array>): number {
  const losses = batches.map((inputs) => {
    const given = new Map([...inputs].map(([name, values]) => [name, Float64Array.from(values)]));
    given.set("valid", new Float64Array(batch).fill(1));
    return interpret(program.entries.get("evaluate")!, { slots, inputs: given, seed: manifest.seed, step: 0 }).results.get("loss")!.data[0]!;
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

function differences(own: ReturnType<typeof compiled>, slots: Map<string, Float64Array>, name: string): number[] {
  const size = 1e-5;
  return Array.from(slots.get(name)!, (value, i) => {
    const at = (moved: number) => loss(own, new Map([...slots, [name, slots.get(name)!.with(i, moved)]]));
    return (at(value + size) - at(value - size)) / (2 * size);
  });
}

describe("the gradient by a norm's scale", () => {
  const name = "encoder.1.attention.before.cls+tokens.scale";
  const own = recipe(`measure gradients at ${"encoder.1.attention.before.*.scale"} of 16 examples
    measure gradient_norm, of_examples, by_position at encoder.1.attention.before.*.scale of 16 examples`);
  const slots = firstValues(own);
  const expected = differences(own, slots, name);

  test("is that of the mean loss over the examples, however it is asked for", async () => {
    const values = await measured(own, slots, batches);
    for (const measure of ["gradients", "of_examples", "by_position"]) {
      const found = values[`${measure}(${name})`] as number[];
      expect(found).toHaveLength(8);
      found.forEach((value, i) => expect(value, `${measure} ${i}`).toBeCloseTo(expected[i]!, 8));
    }
    expect(values[`gradient_norm(${name})`]).toBeCloseTo(Math.hypot(...expected), 8);
    expect(Math.hypot(...expected)).toBeGreaterThan(1e-3);
  });
});

test("the gradient by a value is the whole of it, by way of all its groups", async () => {
  // The shift of the last norm is added to every token: its gradient is the sum of those by the tokens.
  const own = recipe("measure at_token(encoded, 0), at_token(encoded.cls, 0), at_token(encoded, 1) of 16 examples measure gradients at encoder.final.*.shift of 16 examples");
  const values = await measured(own, firstValues(own), batches);
  const [whole, group, other, shift] = Object.values(values) as number[][];
  expect(whole).toEqual(group);
  whole!.forEach((value, i) => expect(value).toBeCloseTo(shift![i]!, 12));
  expect(Math.hypot(...shift!)).toBeGreaterThan(1e-3);
  // The loss reads the class token alone.
  expect(other).toEqual(Array.from({ length: 8 }, () => 0));
});

test("with two examples the squared length of the true gradient is estimated by their product", async () => {
  const own = compiled(spec({ more: definitions, batch: "batch 2", settings: "measure product, gradient_signal, noise_trace, noise_scale at encoder.final.*.scale of 2 examples" }));
  const two: NamedTensors = new Map<string, Float32Array | Int32Array>([["image", batches[0]!.get("image")!.slice(0, 64) as Float32Array], ["label", Int32Array.of(0, 1)]]);
  const [product, signal, trace, scale] = Object.values(await measured(own, firstValues(own), [two])) as number[];
  expect(signal).toBeCloseTo(product!, 14);
  expect(Math.abs(product!)).toBeGreaterThan(1e-4);
  expect(scale).toBeCloseTo(trace! / signal!, 10);
});

test("a group's share of a shared norm's gradient", async () => {
  const own = recipe("measure group_gradient_norm, group_gradient_cosine at encoder.final.*.scale of 16 examples measure gradient_norm at encoder.final.*.scale of 16 examples");
  const [norm, cosine, whole] = Object.values(await measured(own, firstValues(own), batches)) as number[];
  // Behind the last norm the loss reads the class token alone, so that all of the gradient comes through it.
  expect(norm).toBeCloseTo(whole!, 12);
  expect(cosine).toBe(0);
});

test("of norms of their own: two groups' gradients beside each other", async () => {
  const own = compiled(spec({ more: definitions, normalize: "normalize { cls: layer tokens: layer }", loss: "loss cross_entropy(linear(mean(encoded over token), 3), label)", settings: "measure gradient_cosine(encoded.cls, encoded.cls) of 16 examples measure gradient_norm at encoder.final.*.scale of 16 examples" }));
  const values = await measured(own, firstValues(own), batches);
  expect(values["gradient_cosine(encoded.cls, encoded.cls)"]).toBeCloseTo(1, 12);
  expect(Object.keys(values).slice(1)).toEqual(["gradient_norm(encoder.final.cls.scale)", "gradient_norm(encoder.final.tokens.scale)"]);
  expect(Object.values(values).every((value) => (value as number) > 1e-4)).toBe(true);
});

test("values are computed as evaluation computes them, or as training does", async () => {
  const own = compiled(spec({ normalize: "normalize { cls: layer tokens: batch }", settings: "measure mean_square(encoded.tokens) of 8 examples measure mean_square(encoded.tokens) in training of 8 examples" }));
  const values = await measured(own, firstValues(own), batches);
  // Batch statistics make each feature's mean square 1; running ones are still those of the start.
  expect(values["mean_square(encoded.tokens) in training"]).toBeCloseTo(1, 3);
  expect(values["mean_square(encoded.tokens)"]).toBeGreaterThan(1.01);
});

test("what is given in the place of an input reaches all that is made of it", async () => {
  const own = recipe("measure mean_square(image), accuracy(2 * logits, label) given image = 3 * image of 8 examples measure mean_square(image) of 8 examples".replace("accuracy(2 * logits, label)", "mean_square(encoded)"));
  const values = await measured(own, firstValues(own), batches);
  expect(values["mean_square(image) given image = 3 * image"]).toBeCloseTo(9 * (values["mean_square(image)"] as number), 10);
});

test("a manifest whose measures are damaged, or with too few examples, is refused", async () => {
  const own = recipe("measure mean_square(encoded) of 24 examples");
  await expect(measured(own, firstValues(own), batches)).rejects.toThrow("mean_square(encoded) is measured of 24 examples, and there are 16 held-out examples, which are 16 in whole batches of 8. Write `of 16 examples` behind the measure, or hold out more");
  const damaged = { ...own, manifest: { ...own.manifest, measures: own.manifest.measures!.map((measure) => ({ ...measure, examples: 8, program: measure.program.replace("mul", "mull") })) } };
  await expect(measured(damaged, firstValues(own), batches)).rejects.toThrow("the manifest is damaged");
});
