/** Specs for the tests of the language server. */

/** A small classifier: two groups, two sites that differ, a variant and an ablation. */
export const small = `use std.norms { batch, layer, rms }
use std.placements { pre, sandwich }
use std.layers { attention, linear, mlp, patchify }

/// Features divided by their largest magnitude.
norm loudest(x, floor = 1e-3) {
  param scale[feature] = 1

  peak = max(abs(x) over feature)
  return x / (peak + floor) * scale
}

stack encoder(dim, depth, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: loudest(floor: 1e-2)
  }
  normalize at first, mlp.before { cls: rms }
  place pre

  repeat depth {
    attention(heads) placed sandwich
    mlp(hidden: 4 * dim)
  }
  normalize
}

model classifier(dim = 16, depth = 3, heads = 2, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = linear(patchify(image, patch: 14), dim)
  wide = 4 * dim
  encoded = encoder(cls: learned(1), tokens: patches, dim, depth, heads)
  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train digits of classifier {
  data idx("data/digits")
  optimizer adamw(decay: 0)
  optimizer at norm, bias, logits: sgd(momentum: 0.9)
  freeze patches
  schedule cosine(peak: 2e-3, warmup: 5%)
  batch 32
  steps 10
  measure uniformity(encoded.cls) every 1 epoch
}

train wider = digits with {
  encoder = encoder with { normalize at final { cls: rms } }
  dim = 32
}

ablation norms of digits {
  vary encoder.normalize.cls in { layer, batch, rms }
  vary depth in { 1, 2 }
  report digits.accuracy
}
`;
