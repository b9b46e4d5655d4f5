/** What engines give for measures, beside the float64 interpreter. */

import { expect, test } from "vitest";
import type { Compiled } from "../../src/compiler/compile.js";
import { interpret } from "../../src/ir/interpret.js";
import { compiled, spec } from "../semantics/check/harness.js";
import { type WithEngine, randomBatch } from "./training.js";

/** Values, gradients, gradients for each example and each position, an input given, and both modes. */
const settings = `
  measure mean_square(encoded.cls), mean_square(image), mean_square(encoder.tokens), accuracy(encoded, label) of 8 examples
  measure mean_square at *.scale of 8 examples
  measure gradient_norm, activation_variance at encoder.*.attention.before of 8 examples
  measure gradient_norm at encoder.*.attention.* in training of 8 examples
  measure noise_scale, group_gradient_norm at *.scale of 8 examples
  measure mean_square(encoded) given image = low_pass(image, 2) of 8 examples`;
const recipe: Compiled = compiled(
  spec({
    before: "pixels = merge(image, row, column into token)",
    encoded: "encoder(cls: learned(1), tokens: pixels, depth)",
    normalize: "normalize { cls, tokens: layer }",
    sublayers: "attention(heads: 2) dropout(0.25)",
    settings: settings.replace("accuracy(encoded, label)", "accuracy(logits, label)"),
    loss: "logits = linear(encoded.cls, 3) loss cross_entropy(logits, label)",
  }).replace("input image[token: 4, feature: 8]", "input image[row: 2, column: 2, feature: 8]"),
);

/** Sums in float32 lose some 1e-6 of the values that they sum; where these nearly cancel, more of what is left. */
const tolerance = 1e-4;

/** Tests that engines give the tensors of all entries for measures as the interpreter has them, and change nothing by it. */
export function testMeasures(engines: Readonly<Record<string, WithEngine>>): void {
  test.each(Object.entries(engines))("tensors for measures, %s", { timeout: 120_000 }, async (_, withEngine) => {
    const { program, manifest } = recipe;
    const batch = randomBatch(manifest, 0);
    await withEngine(recipe, async (engine) => {
      await engine.initialise();
      await engine.step(randomBatch(manifest, 1), 0, 10);
      const slots = new Map([...(await engine.read())].map(([name, values]) => [name, Float64Array.from(values)]));
      const entries = new Set(manifest.measures!.map(({ entry }) => entry));
      expect(entries.size).toBe(3);
      for (const entry of entries) {
        const inputs = new Map([...batch.inputs, ["step", [3]], ["steps", [10]]].map(([name, values]) => [name as string, Float64Array.from(values as ArrayLike<number>)]));
        const { results } = interpret(program.entries.get(entry)!, { slots, inputs, seed: manifest.seed, step: 3 });
        const found = await engine.measure(entry, batch, 3, 10);
        expect([...found.keys()].toSorted()).toEqual([...results.keys()].toSorted());
        for (const [name, { data }] of results) {
          const values = Array.from(found.get(name)!);
          expect(values).toHaveLength(data.length);
          const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
          const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
          expect(worst / largest, `${entry} ${name}`).toBeLessThan(tolerance);
        }
      }
      const after = await engine.read();
      for (const [name, values] of slots) expect([...after.get(name)!], name).toEqual([...values]);
    });
  });
}
