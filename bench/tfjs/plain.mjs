// The step in TensorFlow.js as one writes it who knows other libraries: plain operations, the library's own gradients, and its
// Adam with the decay before it.
import { adamw, extents, firstBatch, normEps, packedParameters } from "../model.mjs";

/** Opens a trainer. `step(index)` runs one step, uploads its batch and returns its loss. */
export function openPlain(tf, { model, batch }) {
  const { vector, places } = packedParameters(model);
  const parameters = new Map(places.map(({ name, shape, start, end }) => [name, tf.variable(tf.tensor(vector.slice(start, end), shape))]));
  const { rate, beta1, beta2, eps, decay } = adamw;
  const optimizer = tf.train.adam(rate, beta1, beta2, eps);
  const data = firstBatch(model, batch);
  const forward = createForward(tf, model, batch, (name) => parameters.get(name));

  return {
    async step() {
      const loss = tf.tidy(() => {
        const image = tf.tensor(data.image, [batch, model.side, model.side, model.channels]);
        const wanted = tf.oneHot(tf.tensor1d(data.label, "int32"), model.classes);
        const { value, grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy(wanted, forward(image)));
        for (const parameter of parameters.values()) parameter.assign(tf.mul(parameter, 1 - rate * decay));
        optimizer.applyGradients(grads);
        return value;
      });
      const [number] = await loss.data();
      loss.dispose();
      return number;
    },
  };
}

/** The model: from images to logits. */
function createForward(tf, model, batch, get) {
  const { add, concat, div, matMul, mul, reshape, slice, sub, transpose } = tf;
  const { dim, depth, heads, side, channels, patch } = model;
  const { tokens, pixels, key } = extents(model);
  const all = tokens + 1;

  const linear = (x, weight, bias) => {
    const rows = reshape(x, [-1, x.shape.at(-1)]);
    return reshape(add(matMul(rows, weight), bias), [...x.shape.slice(0, -1), weight.shape[1]]);
  };
  const norm = (x, scale, shift) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return add(mul(div(sub(x, mean), tf.sqrt(add(variance, normEps))), scale), shift);
  };
  const attention = (x, at) => {
    const joint = reshape(linear(x, at("attention.w_joint"), at("attention.b_joint")), [batch, all, 3, heads, key]);
    const [query, keys, value] = tf.unstack(transpose(joint, [2, 0, 3, 1, 4]));
    const weights = tf.softmax(div(matMul(query, keys, false, true), Math.sqrt(key)));
    const mixed = reshape(transpose(matMul(weights, value), [0, 2, 1, 3]), [batch, all, dim]);
    return linear(mixed, at("attention.w_out"), at("attention.b_out"));
  };
  const gelu = (x) => mul(x, div(add(tf.erf(div(x, Math.SQRT2)), 1), 2));
  const mlp = (x, at) => linear(gelu(linear(x, at("mlp.w_in"), at("mlp.b_in"))), at("mlp.w_out"), at("mlp.b_out"));

  return (image) => {
    const grid = side / patch;
    const cut = transpose(reshape(image, [batch, grid, patch, grid, patch * channels]), [0, 1, 3, 2, 4]);
    const patches = add(linear(reshape(cut, [batch, tokens, pixels]), get("patches.weight"), get("patches.bias")), get("position"));
    const cls = tf.tile(reshape(get("encoder.cls.vector"), [1, 1, dim]), [batch, 1, 1]);
    let x = concat([cls, patches], 1);
    for (let index = 0; index < depth; index++) {
      const at = (name) => get(`encoder.${index}.${name}`);
      x = add(x, attention(norm(x, at("attention.before.cls+tokens.scale"), at("attention.before.cls+tokens.shift")), at));
      x = add(x, mlp(norm(x, at("mlp.before.cls+tokens.scale"), at("mlp.before.cls+tokens.shift")), at));
    }
    // Only the class token is read, so only it is normalised.
    const last = reshape(slice(x, [0, 0, 0], [batch, 1, dim]), [batch, dim]);
    return linear(norm(last, get("encoder.final.cls+tokens.scale"), get("encoder.final.cls+tokens.shift")), get("logits.weight"), get("logits.bias"));
  };
}
