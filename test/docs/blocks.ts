/** The fenced `norm` blocks of a page, and the specs that they are compiled in. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A block of a page. */
export interface Block {
  /** The line of the page at which its text begins. */
  readonly line: number;
  readonly text: string;
  /** What the block is: undefined for a whole file, else the part of a spec and what calls it, such as `norm mine(eps: 1e-3)`. */
  readonly fragment: { readonly kind: string; readonly use: string } | undefined;
  /** The codes of what the compiler says of it. */
  readonly codes: readonly string[];
  /** Lines of `norm build --emit model` that the page shows behind the block. */
  readonly model: readonly string[];
}

export function page(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");
}

/** The fences of a page: its `norm` blocks, each with the `text model` block that may follow it. */
export function blocksOf(text: string): Block[] {
  const blocks: (Block & { model: string[] })[] = [];
  for (const match of text.matchAll(/^```(\S+)([^\n]*)\n(.*?)^```$/gms)) {
    const [, language, info, content] = match as unknown as [string, string, string, string];
    if (language === "text" && info.trim() === "model") blocks.at(-1)!.model.push(...content.trimEnd().split("\n"));
    if (language !== "norm") continue;
    const [before, says] = info.split(" says: ") as [string, string | undefined];
    const part = /^ fragment: (\w+)(?: (.+))?$/.exec(before);
    if (part === null && before !== "") throw new Error(`unknown words behind \`norm\`: ${info}`);
    blocks.push({
      line: text.slice(0, match.index).split("\n").length + 1,
      text: content,
      fragment: part === null ? undefined : { kind: part[1]!, use: part[2] ?? "" },
      codes: says?.split(", ") ?? [],
      model: [],
    });
  }
  return blocks;
}

/** The spec that a block is compiled in, in the canonical format. */
export function specOf({ text, fragment }: Block): string {
  if (fragment === undefined) return text;
  const { kind, use } = fragment;
  const inside = text.replace(/^(?=.)/gm, "  ");
  switch (kind) {
    case "norm":
    case "placement":
    case "sublayer":
    case "objective":
    case "optimizer":
    case "schedule":
    case "initializer":
    case "value":
      return spec({ definitions: text, [kind]: use });
    case "layer":
      return spec({ definitions: `layer example(x) {\n${inside}  return x\n}\n`, sublayer: "example" });
    case "stack":
      return spec({ stack: inside });
    case "model":
      return spec({ statements: inside });
    case "train":
      return spec({ train: inside });
    case "more":
      return spec({ more: text });
    default:
      throw new Error(`no such fragment: ${kind}`);
  }
}

interface Parts {
  readonly definitions?: string;
  readonly norm?: string;
  readonly placement?: string;
  readonly sublayer?: string;
  readonly objective?: string;
  readonly optimizer?: string;
  readonly schedule?: string;
  readonly initializer?: string;
  readonly value?: string;
  readonly statements?: string;
  readonly stack?: string;
  readonly train?: string;
  readonly more?: string;
}

/** The spec around the fragments, which `docs/language.md` describes in its first section. */
function spec(parts: Parts): string {
  const { definitions = "", norm = "layer", placement = "pre", sublayer = "attention(heads)", objective = "cross_entropy", optimizer = "adamw(decay: 0)" } = parts;
  const { schedule = "constant(peak: 1e-3)", initializer = "normal(0.02)", value, statements = "", more = "" } = parts;
  const stack = parts.stack ?? `  groups { cls, tokens }
  normalize { cls, tokens: ${norm} }
  place ${placement}

  repeat depth {
    ${sublayer}
    mlp(hidden: 4 * dim)
  }
  normalize
`;
  const train = parts.train ?? `  data idx("data/digits")
  optimizer ${optimizer}
  schedule ${schedule}
  batch 32
  steps 100
`;
  return `use std.norms { batch, dyt, group, instance, layer, rms, scale }
use std.placements { output, post, pre, sandwich }
use std.layers { attention, dropout, linear, mlp, patchify }
${definitions === "" ? "" : `\n${definitions}`}
stack encoder(dim, depth, heads) {
${stack}}

model classifier(dim = 32, depth = 2, heads = 4) {
  input image[row: 28, column: 28, channel: 1]
  input label in 10

  patches = linear(patchify(image, patch: 7), dim)
  position = param[token, feature] ~ ${initializer}
${value === undefined ? "" : `  value = ${value}\n`}${statements}
  encoded = encoder(cls: learned(1), tokens: patches + position, dim, depth, heads)
  logits = linear(encoded.cls, 10)
  loss ${objective}(logits, label)
  report accuracy(logits, label)
}

train digits of classifier {
${train}}
${more === "" ? "" : `\n${more}`}`;
}
