/** A small spec with an ablation, and what it is planned to. */

import { type Plan, plan } from "../../../src/compare/ablation/plan.js";
import { type Choice, cellTexts } from "../../../src/compare/ablation/cell-text.js";
import { type Diff, diff } from "../../../src/compare/diff/diff.js";
import { type SpecText, subject } from "../../../src/compare/subject.js";
import { type Compilation, compile } from "../../../src/compiler/compile.js";
import { readLibrary } from "../../../src/compiler/host.js";
import type { Host } from "../../../src/semantics/modules.js";

/** The files that an ablation uses. */
export const base = `use std.norms { batch, layer }
use std.placements { pre }
use std.layers { attention, mlp }

/// An encoder with two groups.
stack encoder(dim, depth, heads) {
  groups { cls, tokens }
  // Together, at first.
  normalize { cls, tokens: layer(eps: 1e-6) }
  normalize at final { cls: layer }
  place pre

  repeat depth {
    attention(heads)
    mlp(hidden: 2 * dim)
  }
  normalize
}

model classifier(dim = 8, depth = 1, heads = 2) {
  input words[token: 6, feature: 8]
  input label in 3

  encoded = encoder(cls: learned(1), tokens: words, dim, depth, heads)
  logits = linear(encoded.cls, 3)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train plain of classifier {
  data csv("none.csv")
  optimizer adamw(decay: 0.05)
  schedule constant(1e-3)
  batch 16
  epochs 2
  seed 5
}
`.replace("{ attention, mlp }", "{ attention, linear, mlp }");

const head = `use "base.norm" { classifier, encoder, plain }
use std.norms { batch, layer, rms }
use std.placements { post, pre, sandwich }

stack apart = encoder with { normalize { cls: batch tokens: layer } }

train other = plain with { batch 32 }
`;

export function files(ablation: string): Host {
  const texts = new Map([["base.norm", base], ["main.norm", `${head}\n${ablation}\n`]]);
  return { readSpec: (path) => texts.get(path), readLibrary };
}

export function compiled(ablation: string): { readonly compilation: Compilation; readonly spec: SpecText } {
  const host = files(ablation);
  const spec: SpecText = { path: "main.norm", text: host.readSpec("main.norm")!, host };
  return { compilation: compile(spec.path, spec.text, host), spec };
}

export function planned(ablation: string): Plan {
  const { compilation } = compiled(ablation);
  const errors = compilation.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("; "));
  return plan(compilation);
}

/** The texts of the configuration of that number, and how its recipe differs from the spec's own. */
export async function cell(ablation: string, number = 0, seed = 0): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly difference: Diff }> {
  const { compilation, spec } = compiled(ablation);
  const { origin, configurations, recipes } = plan(compilation);
  const choices: readonly Choice[] = configurations[number]!.written;
  const texts = await cellTexts(origin, choices, seed, "A cell.");
  const host: Host = { readSpec: (path) => texts.get(path), readLibrary };
  const [recipe] = recipes;
  const own = subject({ path: "main.norm", text: texts.get("main.norm")!, host }, recipe);
  return { texts, difference: diff(subject(spec, recipe), own) };
}
