// The step in jax-js: loss, gradients and AdamW in one `jit`. Its arrays are consumed by use; `.ref` keeps one for another use.
import { adamw, adamwSizes, extents, firstBatch, normEps, optimizerVectors } from "./model.mjs";

/**
 * Opens a trainer on one of jax-js's devices. `step(index)` runs one step, uploads its batch and returns its loss.
 * @param isTogether whether AdamW takes all parameters in one vector, or each for itself.
 */
export async function openJax({ model, batch }, device, isTogether) {
  addIteratorHelpers();
  const jax = await import("@jax-js/jax");
  const { numpy: np } = jax;
  if (!(await jax.init(device)).includes(device)) throw new Error(`jax-js has no ${device} here`);
  jax.defaultDevice(device);

  const vectors = optimizerVectors(model, isTogether);
  const data = firstBatch(model, batch);
  let values = vectors.map((vector) => np.array(vector.values));
  let means = vectors.map((vector) => np.zeros([vector.values.length]));
  let squares = vectors.map((vector) => np.zeros([vector.values.length]));
  const run = jax.jit(createStep(jax, model, batch, vectors));

  return {
    async step(index) {
      const { size, eps } = adamwSizes(index);
      const image = np.array(data.image, { shape: [batch, model.side, model.side, model.channels] });
      const label = np.array(data.label);
      let loss;
      // The two sizes are arrays because numbers would be compiled in.
      [loss, values, means, squares] = run(values, means, squares, image, label, np.array(Float32Array.of(size)), np.array(Float32Array.of(eps)));
      const [number] = await loss.data();
      return number;
    },
  };
}

function createStep(jax, model, batch, vectors) {
  const { numpy: np } = jax;
  const { beta1, beta2, rate, decay } = adamw;
  const lossAndGradients = jax.valueAndGrad(createForward(jax, model, batch));
  return (values, means, squares, image, label, size, eps) => {
    const parameters = vectors.flatMap(({ places }, index) => places.map(({ name, shape, start, end }) => [name, values[index].ref.slice([start, end]).reshape(shape)]));
    const [loss, gradients] = lossAndGradients(Object.fromEntries(parameters), image, label);
    const next = vectors.map(({ places }, index) => {
      const parts = places.map(({ name }) => gradients[name].flatten());
      const gradient = parts.length === 1 ? parts[0] : np.concatenate(parts);
      const mean = means[index].mul(beta1).add(gradient.ref.mul(1 - beta1));
      const square = squares[index].mul(beta2).add(np.square(gradient).mul(1 - beta2));
      const change = mean.ref.mul(size.ref).div(np.sqrt(square.ref).add(eps.ref));
      return [values[index].mul(1 - rate * decay).sub(change), mean, square];
    });
    size.dispose();
    eps.dispose();
    return [loss, ...[0, 1, 2].map((part) => next.map((parts) => parts[part]))];
  };
}

/** The model: from parameters, images and labels to the mean loss. */
function createForward({ numpy: np, nn }, model, batch) {
  const { dim, depth, heads, side, channels, patch, classes } = model;
  const { tokens, pixels, key } = extents(model);
  const all = tokens + 1;
  const linear = (x, weight, bias) => np.matmul(x, weight).add(bias);

  const norm = (x, scale, shift) => {
    const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
    return centred.div(np.sqrt(variance.add(normEps))).mul(scale).add(shift);
  };
  const attention = (x, at) => {
    const joint = linear(x, at("attention.w_joint"), at("attention.b_joint")).reshape([batch, all, 3, heads, key]);
    const query = joint.ref.slice([], [], 0);
    const keys = joint.ref.slice([], [], 1);
    const value = joint.slice([], [], 2);
    const mixed = nn.dotProductAttention(query, keys, value).reshape([batch, all, dim]);
    return linear(mixed, at("attention.w_out"), at("attention.b_out"));
  };
  const mlp = (x, at) => linear(nn.gelu(linear(x, at("mlp.w_in"), at("mlp.b_in")), { approximate: false }), at("mlp.w_out"), at("mlp.b_out"));

  return (parameters, image, label) => {
    const get = (name) => parameters[name];
    const grid = side / patch;
    const cut = image.reshape([batch, grid, patch, grid, patch * channels]).transpose([0, 1, 3, 2, 4]).reshape([batch, tokens, pixels]);
    const patches = linear(cut, get("patches.weight"), get("patches.bias")).add(get("position"));
    const cls = np.broadcastTo(get("encoder.cls.vector"), [batch, 1, dim]);
    let x = np.concatenate([cls, patches], 1);
    for (let index = 0; index < depth; index++) {
      const at = (name) => get(`encoder.${index}.${name}`);
      x = x.ref.add(attention(norm(x, at("attention.before.cls+tokens.scale"), at("attention.before.cls+tokens.shift")), at));
      x = x.ref.add(mlp(norm(x, at("mlp.before.cls+tokens.scale"), at("mlp.before.cls+tokens.shift")), at));
    }
    // Only the class token is read, so only it is normalised.
    const encoded = norm(x.slice([], 0), get("encoder.final.cls+tokens.scale"), get("encoder.final.cls+tokens.shift"));
    const logs = nn.logSoftmax(linear(encoded, get("logits.weight"), get("logits.bias")));
    return logs.mul(nn.oneHot(label, classes)).sum().mul(-1 / batch);
  };
}

/** The methods of iterators that jax-js uses and Node.js has from version 22 on. */
function addIteratorHelpers() {
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  iterator.map ??= function* (change) {
    for (const value of this) yield change(value);
  };
  iterator.filter ??= function* (keep) {
    for (const value of this) if (keep(value)) yield value;
  };
}
