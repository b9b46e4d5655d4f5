/** A small classifier, its data, and what it is compiled to. */

import { chooseRecipe, compile } from "../../../src/compiler/compile.js";
import { fileHost } from "../../../src/compiler/host.js";
import { portable } from "../../../src/kernel/device.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { wasmManifest } from "../../../src/target/wasm/manifest.js";
import { kernelsOf } from "../../../src/target/wasm/write.js";
import type { WebTrainer } from "../../../src/target/web/write.js";
import { emitWebgpu } from "../../../src/target/webgpu/emit.js";
import { webgpuManifest } from "../../../src/target/webgpu/manifest.js";
import { idx, range, write } from "../../runtime/data/fixtures.js";

/** Two epochs of four steps; the last of the batches of 70 held-out examples is filled up. */
const spec = `use std.norms { batch, layer }
use std.placements { pre }
use std.layers { attention, dropout, linear, patchify }

stack encoder(dim, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: layer
  }
  normalize at first { cls: layer }
  place pre

  attention(heads)
  normalize
}

model classifier(dim = 8, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = dropout(linear(patchify(image, 14), dim))
  encoded = encoder(cls: learned(1), tokens: patches, dim, 2)
  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train digits of classifier {
  data idx("data/digits")
  optimizer adamw
  schedule cosine(peak: 1e-2, warmup: 25%)
  batch 32
  epochs 2
  seed 3
  measure uniformity(encoded.cls) every 3 steps of 64 examples
  measure spectrum(logits), gradient_norm(image) of 32 examples
}
`;

/** Each class is a bright square at its own place, in noise. */
function digits(part: "train" | "t10k", count: number): Record<string, Uint8Array> {
  const label = (example: number) => (example * 7) % 10;
  const pixel = (i: number) => {
    const [example, row, column] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    const isSquare = Math.floor(row / 7) * 4 + Math.floor(column / 7) === label(example);
    return isSquare ? 200 + ((i * 31) % 56) : (i * i * 17) % 60;
  };
  return {
    [`data/digits/${part}-images-idx3-ubyte`]: idx("u8", [count, 28, 28], range(count * 784, pixel)),
    [`data/digits/${part}-labels-idx1-ubyte`]: idx("u8", [count], range(count, label)),
  };
}

/** Writes the data into `folder`, and compiles the spec there. */
export async function digitsIn(folder: string): Promise<WebTrainer> {
  await write(folder, { ...digits("train", 144), ...digits("t10k", 70) });
  const recipe = chooseRecipe(compile("digits.norm", spec, fileHost(folder)), undefined);
  if (!("program" in recipe)) throw new Error(recipe.message);
  const plan = emitWebgpu(recipe.program, portable);
  const kernels = kernelsOf(recipe.program);
  const manifest = wasmManifest(kernels.plan, recipe.manifest, 2);
  return {
    webgpu: { plan, manifest: webgpuManifest(plan, recipe.manifest) },
    wasm: { plan: kernels.plan, manifest, module: await assemble(kernels.text), usesRelaxed: false },
    relaxed: { plan: kernels.plan, manifest, module: await assemble(kernels.relaxedText), usesRelaxed: true },
  };
}
