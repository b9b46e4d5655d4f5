// What every side of the benchmark computes: one training step of a pre-norm ViT by AdamW, from the same first parameters and
// on the same batch.

const digits = { side: 28, channels: 1, patch: 7, classes: 10 };
const photos = { side: 32, channels: 3, patch: 4, classes: 10 };
const imagenet = { side: 224, channels: 3, patch: 16, classes: 1000 };

/** The models: square images of `side`, cut into `patch`es, behind a class token. */
export const models = {
  "vit-2x64": { dim: 64, depth: 2, heads: 4, ...digits },
  "vit-6x192": { dim: 192, depth: 6, heads: 3, ...digits },
  "vit-tiny": { dim: 192, depth: 12, heads: 3, ...imagenet },
  "vit-small": { dim: 384, depth: 12, heads: 6, ...imagenet },
  "vit-base": { dim: 768, depth: 12, heads: 12, ...imagenet },
  // Two of ViT-Tiny's layers, for an adapter that needs a minute for all twelve.
  "vit-tiny-2": { dim: 192, depth: 2, heads: 3, ...imagenet },
};

/** The images that make so many tokens with the class token. */
const images = { 17: digits, 65: photos, 197: imagenet };

/** The model of that name on the images that make `tokens` tokens. */
export function modelOf(name, tokens) {
  return { ...models[name], ...images[tokens] };
}

/** AdamW with PyTorch's rule, for all parameters alike; `decay` is decoupled. */
export const adamw = { rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.5 };

export const normEps = 1e-6;

/** Extents that follow from a model's: patch tokens, the pixels of one, features of a head, and of the MLP's hidden layer. */
export function extents({ dim, heads, side, channels, patch }) {
  return { tokens: (side / patch) ** 2, pixels: patch ** 2 * channels, key: dim / heads, hidden: 4 * dim };
}

/** The model as a spec, whose recipe is called `bench`. */
export function specText({ dim, depth, heads, side, channels, patch, classes }, batch) {
  const { rate, beta1, beta2, eps, decay } = adamw;
  return `use std.norms { layer }
use std.placements { pre }
use std.layers { attention, linear, mlp, patchify }

stack encoder(dim, depth, heads) {
  groups { cls, tokens }
  normalize { cls, tokens: layer(eps: ${normEps}) }
  place pre

  repeat depth {
    attention(heads)
    mlp(hidden: 4 * dim)
  }
  normalize
}

model classifier(dim = ${dim}, depth = ${depth}, heads = ${heads}, patch = ${patch}, classes = ${classes}) {
  input image[row: ${side}, column: ${side}, channel: ${channels}]
  input label in classes

  patches = linear(patchify(image, patch), dim)
  position = param[token, feature] ~ normal(0.02)
  encoded = encoder(cls: learned(1), tokens: patches + position, dim, depth, heads)

  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
}

train bench of classifier {
  data idx("data")
  optimizer adamw(beta1: ${beta1}, beta2: ${beta2}, eps: ${eps}, decay: ${decay})
  schedule constant(peak: ${rate})
  batch ${batch}
  epochs 1
  seed 0
}
`;
}

/** The spec's parameters: `[name, shape, kind]` in the compiler's order. */
function parameters(model) {
  const { dim, depth, heads, classes } = model;
  const { tokens, pixels, key, hidden } = extents(model);
  const norm = (name) => [[`${name}.scale`, [dim], "scale"], [`${name}.shift`, [dim], "small"]];
  const layers = Array.from({ length: depth }, (_, index) => `encoder.${index}`).flatMap((layer) => [
    ...norm(`${layer}.attention.before.cls+tokens`),
    ...["w_query", "w_key", "w_value"].map((name) => [`${layer}.attention.${name}`, [dim, heads, key], "matrix"]),
    [`${layer}.attention.w_out`, [heads, key, dim], "matrix"],
    ...["b_query", "b_key", "b_value"].map((name) => [`${layer}.attention.${name}`, [heads, key], "small"]),
    [`${layer}.attention.b_out`, [dim], "small"],
    ...norm(`${layer}.mlp.before.cls+tokens`),
    [`${layer}.mlp.w_in`, [dim, hidden], "matrix"],
    [`${layer}.mlp.b_in`, [hidden], "small"],
    [`${layer}.mlp.w_out`, [hidden, dim], "matrix"],
    [`${layer}.mlp.b_out`, [dim], "small"],
  ]);
  return [
    ["patches.weight", [pixels, dim], "matrix"],
    ["patches.bias", [dim], "small"],
    ["position", [tokens, dim], "small"],
    ["encoder.cls.vector", [1, dim], "small"],
    ...layers,
    ...norm("encoder.final.cls+tokens"),
    ["logits.weight", [dim, classes], "matrix"],
    ["logits.bias", [classes], "small"],
  ];
}

/**
 * The first parameters, by the compiler's names. Nothing starts at 0 or 1 exactly, so that a forgotten bias or scale shows in
 * the loss.
 */
export function firstParameters(model) {
  const next = uniform(1);
  return new Map(parameters(model).map(([name, shape, kind]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    // `w_out` of attention is [head, key, out]: its fan in is that of the matrix it stands for, as is the fan out of `w_query`.
    const fans = kind !== "matrix" ? 0 : shape.length === 3 ? 2 * model.dim : shape[0] + shape[1];
    const [middle, spread] = { matrix: [0, Math.sqrt(6 / fans)], small: [0, 0.02], scale: [1, 0.02] }[kind];
    return [name, Float32Array.from({ length: size }, () => middle + spread * (2 * next() - 1))];
  }));
}

/** The batch of every step: images[example, row, column, channel] from 0 to 1, and labels. */
export function firstBatch({ side, channels, classes }, batch) {
  const next = uniform(2);
  return {
    image: Float32Array.from({ length: batch * side * side * channels }, next),
    label: Int32Array.from({ length: batch }, () => Math.floor(next() * classes)),
  };
}

/** Uniform numbers in 0 … 1 (the generator Mulberry32). */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The same parameters as other libraries would have them: matrices of two dimensions, and the maps to queries, keys and
 * values side by side in one, `[dim, 3 * dim]`, which is one large product instead of three. All lie end to end in one vector,
 * so that an optimizer can take them in one go.
 * @returns the vector, and of each parameter its name, its shape and where it lies.
 */
export function packedParameters(model) {
  const { dim, depth } = model;
  const first = firstParameters(model);
  const packed = parameters(model)
    .filter(([name]) => !/\.[wb]_(query|key|value)$/.test(name))
    .map(([name, shape]) => [name, shape.length === 3 ? [dim, dim] : shape, first.get(name)]);
  for (let index = 0; index < depth; index++) {
    const [weights, biases] = ["w", "b"].map((letter) => ["query", "key", "value"].map((map) => first.get(`encoder.${index}.attention.${letter}_${map}`)));
    packed.push([`encoder.${index}.attention.w_joint`, [dim, 3 * dim], sideBySide(weights, dim, dim)]);
    packed.push([`encoder.${index}.attention.b_joint`, [3 * dim], sideBySide(biases, 1, dim)]);
  }
  let end = 0;
  const places = packed.map(([name, shape, { length }]) => ({ name, shape, start: end, end: (end += length) }));
  const vector = new Float32Array(end);
  packed.forEach(([, , values], index) => vector.set(values, places[index].start));
  return { vector, places };
}

/**
 * The packed parameters as an optimizer takes them: all in one vector, or one vector for each.
 * @returns the vectors, each with its values and with the places of its parameters in it.
 */
export function optimizerVectors(model, isTogether) {
  const { vector, places } = packedParameters(model);
  if (isTogether) return [{ values: vector, places }];
  return places.map(({ start, end, ...place }) => ({ values: vector.subarray(start, end), places: [{ ...place, start: 0, end: end - start }] }));
}

function sideBySide(matrices, rows, columns) {
  const joint = new Float32Array(rows * columns * matrices.length);
  for (let row = 0; row < rows; row++) matrices.forEach((matrix, index) => joint.set(matrix.subarray(row * columns, (row + 1) * columns), (row * matrices.length + index) * columns));
  return joint;
}

/**
 * AdamW's step number `index` (from 0) with its bias corrections in two numbers:
 * p <- (1 - rate * decay) * p - size * m / (sqrt(v) + eps).
 */
export function adamwSizes(index) {
  const { rate, beta1, beta2, eps } = adamw;
  const root = Math.sqrt(1 - beta2 ** (index + 1));
  return { size: (rate * root) / (1 - beta1 ** (index + 1)), eps: eps * root };
}
