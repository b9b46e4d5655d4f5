/** The same steps from the same values give the same bits. */

import { expect, test } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { readLibrary } from "../../../src/compiler/host.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { schedules } from "./schedules.js";
import { computed, randomBatch, withEngine } from "./training.js";

/** With what sums over many elements, draws numbers, or adds at computed positions. */
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

describeOnGpu("five steps", () => {
  const { recipes, diagnostics } = compile("spec.norm", spec, { readSpec: () => undefined, readLibrary });
  test.each(Object.entries(schedules))("twice give the same slots and losses, bit by bit, with %s", { timeout: 120_000 }, async (_, schedule) => {
    expect(diagnostics).toEqual([]);
    const compiled = recipes.get("recipe")!;
    const batches = [0, 1, 2, 3, 4].map((number) => randomBatch(compiled.manifest, number));
    await withEngine(compiled, schedule, async (engine) => {
      const [once, twice] = [await computed(engine, batches), await computed(engine, batches)];
      expect(twice).toEqual(once);
      // They moved, and each step drew its own numbers.
      const losses = once.steps.map(({ results }) => results["loss"]);
      expect(new Set(losses).size).toBe(losses.length);
    });
  });
});
