/** The same steps from the same values give the same bits. */

import { expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import { type WithEngine, computed, randomBatch } from "./training.js";

const spec = `
  use std.norms { batch, layer }
  use std.placements { pre }
  use std.layers { attention, dropout, linear }
  stack encoder() {
    groups { cls, tokens }
    normalize { cls: batch\ntokens: layer }
    normalize at first { cls: layer }
    place pre
    attention(heads: 2)
    normalize
  }
  model classifier() {
    input words[token: 40] in 11
    input label in 3
    embedded = dropout(embed(words, 11, 16), rate: 0.2)
    encoded = encoder(cls: learned(1), tokens: embedded)
    logits = linear(encoded.cls, 3)
    loss cross_entropy(logits, label)
    report accuracy(logits, label)
  }
  train recipe of classifier {
    data npy("nothing")
    optimizer adamw(decay: 0.1)
    schedule cosine(peak: 1e-2)
    batch 8
    steps 10
  }`;

/** With what sums over many elements, draws numbers, or adds at computed positions. */
export const recipe: Compiled = compile("spec.norm", spec, { readSpec: () => undefined, readLibrary }).recipes.get("recipe")!;

export function testRepeat(engines: Readonly<Record<string, WithEngine>>): void {
  test.each(Object.entries(engines))("five steps twice give the same slots and losses, bit by bit, %s", { timeout: 120_000 }, async (_, withEngine) => {
    const batches = [0, 1, 2, 3, 4].map((number) => randomBatch(recipe.manifest, number));
    await withEngine(recipe, async (engine) => {
      const [once, twice] = [await computed(engine, batches), await computed(engine, batches)];
      expect(twice).toEqual(once);
      // They moved, and each step drew its own numbers.
      const losses = once.steps.map(({ results }) => results["loss"]);
      expect(new Set(losses).size).toBe(losses.length);
    });
  });
}
