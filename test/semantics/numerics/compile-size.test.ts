/** A deeper model is proportionally larger: the number of operations grows linearly with depth. */

import { expect, test } from "vitest";
import { compile } from "../../../src/compiler/compile.js";
import { readLibrary } from "../../../src/compiler/host.js";

const spec = (depth: number) => `
  use std.norms { batch, layer }
  use std.placements { sandwich }
  use std.layers { attention, dropout, linear, mlp }
  stack encoder(depth) {
    groups { cls, tokens }
    normalize {
      cls: batch
      tokens: layer
    }
    normalize at first { cls: layer }
    place sandwich
    repeat depth {
      attention(heads: 2)
      mlp(hidden: 8)
    }
    normalize
  }
  model model_(depth) {
    input words[token: 5] in 11
    input length in 6
    input label in 3
    tokens = embed(words, 11, 4) where index(words over token) < length
    encoded = encoder(cls: learned(1), tokens: tokens, depth)
    logits = linear(encoded.cls, 3)
    loss cross_entropy(logits, label)
    report accuracy(logits, label)
  }
  train recipe of model_(depth: ${depth}) {
    data npy("nothing")
    optimizer adamw(decay: 0.1)
    optimizer at norm, bias: adamw(decay: 0)
    schedule cosine(peak: 1e-3)
    batch 4
    steps 10
  }`;

type Sizes = Readonly<Record<string, number>>;

function sizes(depth: number): Sizes {
  const { diagnostics, recipes } = compile("spec.norm", spec(depth), { readSpec: () => undefined, readLibrary });
  const compiled = recipes.get("recipe");
  if (compiled === undefined) throw new Error(diagnostics.map((one) => one.message).join("\n"));
  const { entries, parameters, states } = compiled.program;
  const operations = [...entries.values()].map((entry) => [entry.name, entry.operations.length] as const);
  return { ...Object.fromEntries(operations), parameters: parameters.length, states: states.length };
}

// The compilation of the deepest takes seconds where the machine is busy.
test("12, 24 and 48 layers", { timeout: 60_000 }, () => {
  const [small, middle, large] = [12, 24, 48].map(sizes) as [Sizes, Sizes, Sizes];
  expect(Object.keys(small)).toEqual(["initialise", "forward", "step", "evaluate", "parameters", "states"]);
  for (const what of Object.keys(small)) {
    // The same number for every layer, to the operation.
    const perLayer = (middle[what]! - small[what]!) / 12;
    expect(perLayer, what).toBeGreaterThan(0);
    expect((large[what]! - middle[what]!) / 24, what).toBe(perLayer);
  }
});
