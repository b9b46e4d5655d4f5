/**
 * Deep convolutional networks at their first values, by the norm's groups: the larger the groups, the more alike images become; the
 * smaller, the larger the gradients of early layers beside those of late ones.
 * Source: Lubana, Dick and Tanaka, "Beyond BatchNorm: towards a unified understanding of normalization in deep learning", 2021.
 */

import { expect, test } from "vitest";
import { keyOf, normals } from "../../src/random/threefry.js";
import { compiledOf, length, mean, onCpu, plainSteps } from "./network.js";

const images = 16;
const pixels = 32;
const channels = 64;
const depth = 20;
/** Halving the image early leaves most of the layers small. */
const strides = [2, 4, 6];
const seeds = [1, 2];

/** From the largest groups to the smallest. */
const norms = ["whole", "grouped(groups: 2)", "grouped(groups: 8)", "grouped(groups: 16)", "grouped(groups: 32)", "instance", "batch"];

const specOf = (norm: string) => `use std.convolutions { convolution }
use std.layers { linear }
function even(x over axes) {
  centred = x - mean(x over axes)
  return centred * rsqrt(mean(centred^2 over axes) + 1e-5)
}
norm whole(x) { return even(x over row, column, channel) }
norm instance(x) { return even(x over row, column) }
norm batch(x) { return even(x over batch, row, column) }
norm grouped(x, groups) { return merge(even(split(x, channel into group: groups, part) over row, column, part), group, part into channel) }
layer probed(y) {
  param probe[batch, row, column, channel] = 0
  return y + probe
}
layer block(x, norm, stride = 1) { return relu(norm(probed(convolution(x, ${channels}, stride: stride, bias: false)))) }
model deep(norm = ${norm}) {
  input image[row: ${pixels}, column: ${pixels}, channel: 3]
  input label in 10
  h0 = image
  ${Array.from({ length: depth }, (_, i) => `h${i + 1} = block(h${i}, norm, stride: ${strides.includes(i + 1) ? 2 : 1})`).join("\n  ")}
  u = unit(merge(h${depth}, row, column, channel into feature) over feature)
  cosine = dot(u, u[batch as other] over feature)
  loss cross_entropy(linear(mean(h${depth} over row, column)[channel as feature], 10), label)
  report alike: mean(cosine where index(u over batch) != index(cosine over other))
}
train run of deep { ${plainSteps(images)} }`;

interface Measured {
  /** The mean cosine of two images behind the last layer. */
  readonly alike: number;
  /** The length of the loss's gradient by what the first convolution gives, divided by that of the last. */
  readonly ratio: number;
}

async function measured(norm: string): Promise<Measured> {
  const compiled = compiledOf(specOf(norm));
  const runs: Measured[] = [];
  for (const seed of seeds) {
    runs.push(await onCpu(compiled, seed, async (engine) => {
      const image = normals(keyOf(seed, "image", 0), images * pixels * pixels * 3) as Float32Array;
      const label = Int32Array.from({ length: images }, (_, i) => (i * 7) % 10);
      const { reports } = await engine.step({ inputs: new Map<string, Float32Array | Int32Array>([["image", image], ["label", label]]), valid: images }, 0, 1);
      // The probes begin at 0, and lose their gradient.
      const after = await engine.read();
      return { alike: reports["alike"]!, ratio: length(after.get("h1.probed.probe")!) / length(after.get(`h${depth}.probed.probe`)!) };
    }));
  }
  return { alike: mean(runs.map(({ alike }) => alike)), ratio: mean(runs.map(({ ratio }) => ratio)) };
}

test("layer norm makes images most alike, then group norms with ever smaller groups, then instance and batch norm; gradients the other way round", async () => {
  const found: Measured[] = [];
  for (const norm of norms) found.push(await measured(norm));
  for (let i = 1; i < norms.length; i++) {
    expect(found[i]!.alike, norms[i]).toBeLessThan(found[i - 1]!.alike);
    // Instance and batch norm are the two extremes, in no order.
    const smaller = norms[i] === "batch" ? norms.indexOf("grouped(groups: 32)") : i - 1;
    expect(found[i]!.ratio, norms[i]).toBeGreaterThan(found[smaller]!.ratio);
  }
  // Layer norm's late layers have gradients about as large as its early ones, instance norm's are many times smaller.
  expect(found[0]!.ratio).toBeLessThan(1.2);
  expect(found[norms.indexOf("instance")]!.ratio).toBeGreaterThan(8);
});
