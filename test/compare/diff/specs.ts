/** A small spec whose decisions are all on lines of their own, edits that change one of them each, and its diffs. */

import { fileURLToPath } from "node:url";
import { type Diff, diff } from "../../../src/compare/diff/diff.js";
import { type Subject, subject } from "../../../src/compare/subject.js";
import { fileHost } from "../../../src/compiler/host.js";

export const base = `use std.norms { batch, layer, rms }
use std.placements { output, post, pre, sandwich }
use std.layers { attention, dropout, linear, mlp, patchify }

norm mine(x, floor = 1e-3) {
  param gain[feature] = 1

  spread = mean(abs(x) over feature)
  return x / (spread + floor) * gain
}

stack encoder(width, depth, heads, ratio = 2) {
  groups { cls, tokens, registers }
  normalize {
    cls: mine
    tokens: layer(eps: 1e-6)
    registers: rms
  }
  place pre

  repeat depth {
    attention(heads)
    mlp(hidden: ratio * width)
  }
  mlp(hidden: width)
  normalize
}

model classifier(dim = 8, depth = 2, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = linear(patchify(image, 14), dim)
  encoded = encoder(
    cls: learned(1),
    tokens: patches,
    registers: learned(2),
    dim,
    depth,
    2,
  )
  pooled = mean(encoded.tokens over token)
  logits = linear(encoded.cls + pooled, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train small of classifier {
  data idx("data/digits")
  optimizer adamw(decay: 0.05)
  optimizer at norm, bias: adamw(decay: 0)
  schedule cosine(peak: 3e-3, warmup: 10%)
  batch 4
  steps 60
  seed 3
}
`;

/** An edit of the text that is one decision. */
export interface Edit {
  readonly name: string;
  readonly kind: Diff["changes"][number]["kind"];
  readonly from: string;
  readonly to: string;
}

const edit = (kind: Edit["kind"], name: string, from: string, to: string): Edit => ({ kind, name, from, to });

/** Edits of different decisions can be joined; of the same one the first alone applies. */
export const edits: readonly Edit[] = [
  edit("policy", "encoder.normalize.cls", "cls: mine\n", "cls: batch\n"),
  edit("policy", "encoder.normalize.cls", "cls: mine\n", "cls: mine(floor: 0.1)\n"),
  edit("policy", "encoder.normalize.tokens", "tokens: layer(eps: 1e-6)\n", "tokens: none\n"),
  edit("policy", "encoder.normalize.tokens", "tokens: layer(eps: 1e-6)\n", "tokens: layer\n"),
  edit("policy", "encoder.normalize.registers", "registers: rms\n", "registers: layer\n"),
  edit("policy", "encoder.normalize at first.cls", "  place ", "  normalize at first { cls: layer }\n  place "),
  edit("policy", "encoder.normalize at final.tokens", "  place ", "  normalize at final { tokens: rms }\n  place "),
  edit("placement", "encoder.place", "place pre\n", "place sandwich\n"),
  edit("placement", "encoder.place", "place pre\n", "place post\n"),
  edit("sublayer", "encoder.attention", "attention(heads)\n", "attention(heads, causal: true)\n"),
  edit("sublayer", "encoder.mlp", "mlp(hidden: ratio * width)\n", "mlp(hidden: ratio * width, activation: relu)\n"),
  edit("sublayer", "encoder.mlp", "mlp(hidden: ratio * width)\n", "mlp(hidden: ratio * width) placed post\n"),
  edit("sublayer", "encoder.mlp 2", "    mlp(hidden: ratio * width)\n  }\n  mlp(hidden: width)\n", "    mlp(hidden: ratio * width)\n  }\n"),
  edit("sublayer", "encoder.normalize", "  normalize\n}", "}"),
  edit("parameter", "dim", "dim = 8,", "dim = 16,"),
  edit("parameter", "depth", "depth = 2,", "depth = 3,"),
  edit("parameter", "encoder.ratio", "ratio = 2)", "ratio = 4)"),
  edit("statement", "patches", "linear(patchify(image, 14), dim)", "dropout(linear(patchify(image, 14), dim))"),
  edit("statement", "patches", "linear(patchify(image, 14), dim)", "linear(patchify(image, 7), dim)"),
  edit("statement", "pooled", "mean(encoded.tokens over token)", "max(encoded.tokens over token)"),
  edit("definition", "mine", "spread = mean(abs(x) over feature)", "spread = max(abs(x) over feature)"),
  edit("recipe", "optimizer", "optimizer adamw(decay: 0.05)", "optimizer adamw(decay: 0.1)"),
  edit("recipe", "optimizer at bias, norm", "at norm, bias: adamw(decay: 0)", "at norm, bias: sgd(momentum: 0.9)"),
  edit("recipe", "schedule", "cosine(peak: 3e-3, warmup: 10%)", "cosine(peak: 3e-3, warmup: 20%)"),
  edit("recipe", "batch", "batch 4\n", "batch 8\n"),
  edit("recipe", "steps", "steps 60\n", "steps 80\n"),
  edit("recipe", "seed", "seed 3\n", "seed 4\n"),
  edit("recipe", "freeze", "  batch 4", "  freeze patches\n  batch 4"),
  edit("recipe", "holdout", "  batch 4", "  holdout 20%\n  batch 4"),
  edit("recipe", "precision", "  batch 4", "  precision mixed\n  batch 4"),
];

/** The text after some edits; those that no longer find their place are left out. */
export function edited(text: string, list: readonly Edit[]): string {
  return list.reduce((own, { from, to }) => own.replace(from, to), text);
}

const host = fileHost(fileURLToPath(new URL("../../../examples/", import.meta.url)));
const known = new Map<string, Subject>();

/** What a text stands for. @throws SubjectError */
export function subjectOf(text: string, path = "small.norm"): Subject {
  const key = `${path}\n${text}`;
  const made = known.get(key) ?? subject({ path, text, host });
  known.set(key, made);
  return made;
}

export function diffOf(before: string, after: string): Diff {
  return diff(subjectOf(before), subjectOf(after));
}
