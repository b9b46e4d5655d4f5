/** Every optimizer of the standard library on a small transformer with a norm for each group. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";

/** Adam's eps is large, so that gradients that are mathematically zero move nothing. */
const adam = "adamw(eps: 1e-2)";
const lines: Readonly<Record<string, string>> = {
  sgd: "sgd(momentum: 0.9, nesterov: true)",
  adamw: adam,
  lion: "lion()",
  lars: "lars(trust: 0.1)",
  clipped: `clipped(base: ${adam}, limit: 0.1)`,
  accumulated: `accumulated(base: ${adam}, parts: 2)`,
  averaged: `averaged(base: ${adam})`,
  layerwise: `layerwise(base: ${adam}, first: "encoder.cls")`,
  sam: `sam(base: ${adam}, only: "encoder.*.cls, bias", adaptive: "element", adapt_biases: true)`,
  sparse_sam: `sparse_sam(base: ${adam}, interval: 10)`,
  noise_watched: `noise_watched(base: ${adam})`,
  noise_driven: `noise_driven(base: ${adam}, keep: 0, factor: 100, most: 2)`,
};

/** Those whose step is the sign of a gradient: where that is mathematically zero, its sign is that of the rounding. */
const discontinuous = ["lion"];

const spec = (line: string) => `
  use std.norms { layer }
  use std.placements { pre }
  use std.layers { attention, linear, mlp }
  use std.sharpness { sam, sparse_sam }
  use std.noise { noise_watched, noise_driven }
  stack encoder() {
    groups { cls, tokens }
    normalize {
      cls: layer
      tokens: layer
    }
    place pre
    repeat 1 {
      attention(heads: 2)
      mlp(hidden: 12)
    }
    normalize
  }
  model classifier() {
    input image[token: 5, feature: 6]
    input label in 3
    encoded = encoder(cls: learned(1), tokens: linear(image, 8))
    loss cross_entropy(linear(encoded.cls, 3), label)
  }
  train recipe of classifier {
    data npy("nothing")
    optimizer ${line}
    schedule constant(peak: 1e-2)
    batch 6
    steps 10
  }`;

function compiled(line: string): Compiled {
  const { diagnostics, recipes } = compile("spec.norm", spec(line), { readSpec: () => undefined, readLibrary });
  const made = recipes.get("recipe");
  if (made === undefined) throw new Error(`${diagnostics.map(({ message }) => message).join("\n")}\n${line}`);
  return made;
}

export const optimizers: ReadonlyMap<string, Compiled> = new Map(
  Object.entries(lines).filter(([name]) => !discontinuous.includes(name)).map(([name, line]) => [name, compiled(line)]),
);

export function testThatAllOptimizersAreHere(): void {
  test("all optimizers of the standard library are here", () => {
    const defined = ["optimizers", "sharpness", "noise"].flatMap((module) => {
      const text = readFileSync(new URL(`../../stdlib/std/${module}.norm`, import.meta.url), "utf8");
      return [...text.matchAll(/^optimizer (\w+)/gm)].map((found) => found[1]!);
    });
    expect(Object.keys(lines).sort()).toEqual(defined.sort());
  });
}
