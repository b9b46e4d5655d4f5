/** How many kernels a training step dispatches, how many of them are different, and what memory they take. */

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.js";
import { readLibrary } from "../../src/compiler/host.js";
import type { Program } from "../../src/ir/program.js";
import { type Device, portable } from "../../src/kernel/device.js";
import { lower } from "../../src/kernel/lower.js";
import { aligned } from "../../src/kernel/memory.js";
import { touchedBy } from "../../src/kernel/part.js";
import { printKernels } from "../../src/kernel/print.js";
import type { EntryPlan, KernelProgram } from "../../src/kernel/program.js";
import { tensorBytes } from "../../src/kernel/tensor.js";
import { planOf } from "../../src/target/webgpu/emit.js";

/** The limits of a GPU in a desktop computer. */
const desktop: Device = { ...portable, maxBuffers: 10, maxBinding: 2 ** 31 - 4, maxBuffer: 2 ** 32 };
const processor: Device = { ...desktop, cooperates: false, parallelism: 64 };
const devices: Readonly<Record<string, Device>> = {
  "what every GPU can do": { ...portable, maxBuffer: desktop.maxBuffer },
  "a desktop's GPU": desktop,
  "a processor": processor,
};

interface Sizes {
  readonly dim: number;
  readonly heads: number;
  readonly image: number;
  readonly patch: number;
  readonly batch: number;
}
const sizes: Readonly<Record<string, Sizes>> = {
  "17 tokens of 64": { dim: 64, heads: 4, image: 28, patch: 7, batch: 64 },
  "ViT-S": { dim: 384, heads: 6, image: 224, patch: 16, batch: 32 },
};

const shared = "normalize { cls, tokens: layer }";
const separate = "normalize { cls: layer\ntokens: layer }";
/** At the first site every example has the same class token. */
const batchNorm = "normalize { cls: batch\ntokens: layer }\nnormalize at first { cls: layer }";

/** A vision transformer in pre-norm, trained by AdamW with decay for weights alone. */
function transformer({ dim, heads, image, patch, batch }: Sizes, depth: number, normalize = shared): Program {
  const text = `
    use std.norms { batch, layer }
    use std.placements { pre }
    use std.layers { attention, linear, mlp, patchify }
    stack encoder() {
      groups { cls, tokens }
      ${normalize}
      place pre
      repeat ${depth} {
        attention(heads: ${heads})
        mlp(hidden: ${4 * dim})
      }
      normalize
    }
    model classifier() {
      input image[row: ${image}, column: ${image}, channel: 3]
      input label in 10
      patches = linear(patchify(image, ${patch}), ${dim})
      position = param[token, feature] ~ normal(0.02)
      encoded = encoder(cls: learned(1), tokens: patches + position)
      logits = linear(encoded.cls, 10)
      loss cross_entropy(logits, label)
      report accuracy(logits, label)
    }
    train recipe of classifier {
      data npy("nothing")
      optimizer adamw(decay: 0.05)
      optimizer at norm, bias, embedding: adamw(decay: 0)
      schedule cosine(peak: 1e-3)
      batch ${batch}
      steps 10
    }`;
  const { diagnostics, recipes } = compile("spec.norm", text, { readSpec: () => undefined, readLibrary });
  const compiled = recipes.get("recipe");
  if (compiled === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return compiled.program;
}

function stepOf(program: Program, device: Device): EntryPlan {
  return lower(program, device, ["step"]).entries.get("step")!;
}

/** Dispatches of the forward and the backward pass. */
function passes(size: Sizes, depth: number, device: Device, normalize = shared): number {
  const key = JSON.stringify([size, depth, device, normalize]);
  const known = counted.get(key) ?? stepOf(transformer(size, depth, normalize), device).dispatches.length;
  counted.set(key, known);
  return known;
}
const counted = new Map<string, number>();

/**
 * Whether everything fits that could be done at once. What only updates need waits for room in later dispatches, and with eight
 * buffers, or where the sums over examples of a small model come in parts, some of it finds none.
 */
const isExact = (device: Device, size: Sizes) => device === processor || (device === desktop && size === sizes["ViT-S"]);

/** Sites of a stack of `depth` layers: one before each attention and MLP, and the last. */
const sites = (depth: number) => 2 * depth + 1;

// Each compiles several models, which takes seconds where the machine is busy.
const patience = { timeout: 60_000 };

describe.each(Object.entries(devices))("on %s", patience, (_, device) => {
  describe.each(Object.entries(sizes))("%s", (_, size) => {
    test("a layer takes at most 28 dispatches, forward and backward", () => {
      expect(passes(size, 3, device) - passes(size, 2, device)).toBeLessThanOrEqual(28);
    });

    test("a norm of its own for the class token adds nothing to a layer, but where a kernel binds too few buffers", () => {
      const perLayer = (normalize: string) => passes(size, 4, device, normalize) - passes(size, 3, device, normalize);
      const most = isExact(device, size) ? 0 : 2;
      expect(perLayer(separate) - perLayer(shared)).toBeLessThanOrEqual(most);
      // At the first site the class token is one row for all examples, which takes kernels of its own.
      expect(passes(size, 3, device, separate) - passes(size, 3, device)).toBeLessThanOrEqual(2 + 3 * most);
    });

    test("batch norm of the class token adds at most 4 dispatches for each site", () => {
      expect(passes(size, 3, device, batchNorm) - passes(size, 3, device)).toBeLessThanOrEqual(4 * (sites(3) - 1));
    });
  });
});

describe.each([2, 12])("%d layers of ViT-S", patience, (depth) => {
  test.each([desktop, processor])("take one dispatch to check all updates, and one to make them", (device) => {
    expect(stepOf(transformer(sizes["ViT-S"]!, depth), device).updates).toHaveLength(1);
  });
});

describe("compiling ViT-S", patience, () => {
  test("gives a step of 24 layers as many shaders as one of 12, and the same but for the number of parameters", () => {
    const shadersOf = (depth: number) => {
      const { shaders, entries } = planOf(lower(transformer(sizes["ViT-S"]!, depth), desktop), desktop);
      const { dispatches, check, commit } = entries.step;
      const used = (some: typeof dispatches) => new Set(some.map(({ shader }) => shaders[shader]!));
      return { passes: used(dispatches), updates: used([...check, ...commit]) };
    };
    const [small, large] = [shadersOf(12), shadersOf(24)];
    expect(large.passes).toEqual(small.passes);
    expect(large.updates.size).toBe(small.updates.size);
  });

  test("plans memory of which all is used", () => {
    const kernels = lower(transformer(sizes["ViT-S"]!, 12), desktop);
    const text = printKernels(kernels);
    for (const entry of kernels.entries.values()) {
      const used = usedBytes(kernels, entry);
      expect(entry.arenaBytes, entry.name).toBe(used);
      expect(text).toContain(`${entry.name}: ${entry.dispatches.length + entry.updates.length} dispatches, ${used} bytes of arena`);
    }
    expect(kernels.buffers.get("arena")).toBe(Math.max(...[...kernels.entries.values()].map((entry) => usedBytes(kernels, entry))));
  });
});

/** The end of what an entry's dispatches touch in the arena. */
function usedBytes(kernels: KernelProgram, entry: EntryPlan): number {
  const tensors = [...entry.dispatches, ...entry.updates].flatMap(({ pieces }) => pieces.flatMap(({ part }) => [...touchedBy(part)]));
  const ends = tensors.flatMap((tensor) => {
    const place = kernels.placements.get(tensor)!;
    return place.buffer === "arena" ? [aligned(place.offset + tensorBytes(tensor))] : [];
  });
  return Math.max(0, ...ends);
}
