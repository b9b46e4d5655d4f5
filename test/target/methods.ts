/** Every norm and placement of the standard library in a small vision transformer. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";

/**
 * One group of tokens for each norm, so that one program has them all. Of groups of two features the norm would be their order,
 * and of little use for comparing numbers.
 */
const norms: Readonly<Record<string, string>> = {
  layer: "layer(eps: 1e-6)",
  rms: "rms",
  batch: "batch(momentum: 0.3)",
  group: "group(groups: 2)",
  instance: "instance",
  scale: "scale",
  dyt: "dyt(alpha: 0.8)",
  response: "response(learned: true)",
  variance: "variance(momentum: 0.3)",
  quadratic: "quadratic",
  power: "power",
  power_released: "power_released",
  graph: "graph",
  mean_only: "mean_only",
  pair: "pair(length: 2)",
};

/** Norms with networks inside, whose programs are larger. */
const withNets: Readonly<Record<string, string>> = {
  granola: "granola",
  contextual_affine: "contextual_affine(depth: 1, heads: 2)",
};

/** A stack for each placement, one after the other, with batch norm and layer norm. */
const placements: Readonly<Record<string, string>> = {
  rezero: "rezero",
  layer_scale: "layer_scale(first: 0.5)",
  pre: "pre",
  post: "post",
  sandwich: "sandwich",
  output: "output",
  deep: "deep(alpha: 1.4)",
};
const morePlacements: Readonly<Record<string, string>> = {
  residual_scale: "residual_scale",
  hybrid: "hybrid",
  residual_dual: "residual_dual",
  ngpt: "ngpt",
};

const libraryOf = (name: string) => readFileSync(new URL(`../../stdlib/std/${name}.norm`, import.meta.url), "utf8");
const defined = (name: string, keyword: string) => [...libraryOf(name).matchAll(new RegExp(`^${keyword} (\\w+)`, "gm"))].map((found) => found[1]!);

const head = `
  use std.norms
  use std.placements { ${Object.keys({ ...placements, ...morePlacements }).join(", ")} }
  use std.layers { attention, linear, mlp, patchify }`;
/** As in examples.ts, AdamW's eps is large enough that gradients that are mathematically zero move nothing. */
const training = `
  train recipe of classifier {
    data npy("nothing")
    optimizer adamw(eps: 1e-2, decay: 0.1)
    optimizer at norm, bias: adamw(eps: 1e-2, decay: 0)
    schedule constant(peak: 1e-2)
    batch 6
    steps 10
  }`;

const normsSpec = (norms: Readonly<Record<string, string>>, sublayers: string) => `${head}
  stack encoder() {
    groups { ${Object.keys(norms).map((name) => `${name}_: 3`).join(", ")} }
    normalize { ${Object.entries(norms).map(([name, policy]) => `${name}_: norms.${policy}`).join("\n")} }
    place pre
    ${sublayers}
  }
  model classifier() {
    input image[row: 8, column: 8, channel: 1]
    input label in 3
    patches = linear(patchify(image, 2), 8)
    encoded = encoder(${Object.keys(norms).map((name, i) => `${name}_: slice(patches along token, from: ${i % 14}, size: 3)`).join(", ")})
    logits = linear(${Object.keys(norms).map((name) => `mean(encoded.${name}_ over token)`).join(" + ")}, 3)
    loss cross_entropy(logits, label)
    report accuracy(logits, label)
  }
  ${training}`;

const placementsSpec = (placements: Readonly<Record<string, string>>) => `${head}
  ${Object.entries(placements)
    .map(([name, placement]) => `
  stack ${name}_stack() {
    groups { cls, tokens }
    normalize { cls: norms.batch\ntokens: norms.layer }
    place ${placement}
    attention(heads: 2)
    mlp(hidden: 12)
    ${name === "residual_dual" ? "normalize" : ""}
  }`)
    .join("\n")}
  model classifier() {
    input image[row: 8, column: 8, channel: 1]
    input label in 3
    patches = linear(patchify(image, 2), 8)
    ${Object.keys(placements)
      .map((name, i) => {
        const groups = i === 0 ? "cls: slice(patches along token, size: 1), tokens: slice(patches along token, from: 1, size: 15)" : `cls: x${i - 1}.cls, tokens: x${i - 1}.tokens`;
        return `x${i} = ${name}_stack(${groups})`;
      })
      .join("\n")}
    logits = linear(x${Object.keys(placements).length - 1}.cls, 3)
    loss cross_entropy(logits, label)
    report accuracy(logits, label)
  }
  ${training}`;

function compiled(text: string): Compiled {
  const { diagnostics, recipes } = compile("spec.norm", text, { readSpec: () => undefined, readLibrary });
  const made = recipes.get("recipe");
  if (made === undefined) throw new Error(`${diagnostics.map(({ message }) => message).join("\n")}\n${text}`);
  return made;
}

export const methods: Readonly<Record<"every norm" | "norms with networks" | "every placement" | "more placements", Compiled>> = {
  "every norm": compiled(normsSpec(norms, "attention(heads: 2)\nmlp(hidden: 12)\nnormalize")),
  "norms with networks": compiled(normsSpec(withNets, "mlp(hidden: 12)")),
  "every placement": compiled(placementsSpec(placements)),
  "more placements": compiled(placementsSpec(morePlacements)),
};

export function testThatAllAreHere(): void {
  test("all norms and placements of the standard library are here", () => {
    expect(Object.keys({ ...norms, ...withNets }).sort()).toEqual(defined("norms", "norm").sort());
    expect(Object.keys({ ...placements, ...morePlacements }).sort()).toEqual(defined("placements", "placement").sort());
  });
}
