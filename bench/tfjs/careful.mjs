// The step in TensorFlow.js with care for what is slow there: hand-written gradients of the norm, the GELU and the loss, and
// AdamW, which TensorFlow.js does not have. Each backend has slow operations of its own; what stands for them is given.
import { adamw, adamwSizes, extents, firstBatch, normEps, optimizerVectors } from "../model.mjs";

/**
 * Opens a trainer. `step(index)` runs one step, uploads its batch and returns its loss.
 * @param createOperations gives what differs between the backends: `linear(x, weight, bias)` of matrices, and
 *   `attend(joint)`, from the queries, keys and values of all tokens side by side to the mixed values, both matrices.
 * @param isTogether whether AdamW takes all parameters in one vector, or each for itself.
 */
export function openCareful(tf, { model, batch }, createOperations, isTogether) {
  const { add, mul, sub } = tf;
  const vectors = optimizerVectors(model, isTogether);
  const data = firstBatch(model, batch);
  let kept = vectors.map((vector) => [tf.tensor1d(vector.values), tf.zeros([vector.values.length]), tf.zeros([vector.values.length])]);
  const { beta1, beta2, rate, decay } = adamw;
  const constant = createConstants(tf);
  const forward = createForward(tf, constant, model, batch, createOperations(tf, constant, { model, batch }));

  const update = ([values, mean, square], gradient, size, eps) => {
    const nextMean = add(mul(mean, constant(beta1)), mul(gradient, constant(1 - beta1)));
    const nextSquare = add(mul(square, constant(beta2)), mul(tf.square(gradient), constant(1 - beta2)));
    const change = tf.div(mul(nextMean, size), add(tf.sqrt(nextSquare), eps));
    return [sub(mul(values, constant(1 - rate * decay)), change), nextMean, nextSquare];
  };

  return {
    async step(index) {
      const { size, eps } = adamwSizes(index);
      const { loss, next } = tf.tidy(() => {
        const image = tf.tensor(data.image, [batch, model.side, model.side, model.channels]);
        const wanted = tf.oneHot(tf.tensor1d(data.label, "int32"), model.classes);
        const names = vectors.flatMap(({ places }) => places.map(({ name }) => name));
        const parameters = vectors.flatMap(({ places }, at) => places.map(({ shape, start, end }) => tf.reshape(isTogether ? tf.slice(kept[at][0], start, end - start) : kept[at][0], shape)));
        const lossOf = (...given) => forward(new Map(names.map((name, place) => [name, given[place]])), image, wanted);
        const { value, grads } = tf.valueAndGrads(lossOf)(parameters);
        const flat = grads.map((grad) => tf.reshape(grad, [-1]));
        const gradients = isTogether ? [tf.concat(flat)] : flat;
        return { loss: value, next: kept.map((parts, at) => update(parts, gradients[at], size, eps)) };
      });
      tf.dispose(kept);
      kept = next;
      const [number] = await loss.data();
      loss.dispose();
      return number;
    },
  };
}

/** Numbers that stay on the device: a plain one is uploaded at each use. */
function createConstants(tf) {
  const kept = new Map();
  return (number) => {
    if (!kept.has(number)) kept.set(number, tf.keep(tf.scalar(number)));
    return kept.get(number);
  };
}

/** The model: from parameters, images and one-hot labels to the mean loss. */
function createForward(tf, constant, model, batch, { linear, attend }) {
  const { add, concat, reshape, slice, transpose } = tf;
  const { dim, depth, side, channels, patch } = model;
  const { tokens, pixels } = extents(model);
  const all = tokens + 1;
  const norm = createNorm(tf, constant);
  const gelu = createGelu(tf, constant);
  const crossEntropy = createCrossEntropy(tf, constant, batch);

  const attention = (x, at) => linear(attend(linear(x, at("attention.w_joint"), at("attention.b_joint"))), at("attention.w_out"), at("attention.b_out"));
  const mlp = (x, at) => linear(gelu(linear(x, at("mlp.w_in"), at("mlp.b_in"))), at("mlp.w_out"), at("mlp.b_out"));

  return (parameters, image, wanted) => {
    const get = (name) => parameters.get(name);
    const grid = side / patch;
    const cut = transpose(reshape(image, [batch, grid, patch, grid, patch * channels]), [0, 1, 3, 2, 4]);
    const embedded = linear(reshape(cut, [batch * tokens, pixels]), get("patches.weight"), get("patches.bias"));
    const patches = add(reshape(embedded, [batch, tokens, dim]), get("position"));
    // Not `tile`: its gradient is a slice and a sum for each example.
    const cls = add(tf.zeros([batch, 1, dim]), get("encoder.cls.vector"));
    let x = reshape(concat([cls, patches], 1), [batch * all, dim]);
    for (let index = 0; index < depth; index++) {
      const at = (name) => get(`encoder.${index}.${name}`);
      x = add(x, attention(norm(x, at("attention.before.cls+tokens.scale"), at("attention.before.cls+tokens.shift")), at));
      x = add(x, mlp(norm(x, at("mlp.before.cls+tokens.scale"), at("mlp.before.cls+tokens.shift")), at));
    }
    // Only the class token is read, so only it is normalised.
    const last = reshape(slice(reshape(x, [batch, all, dim]), [0, 0, 0], [batch, 1, dim]), [batch, dim]);
    const encoded = norm(last, get("encoder.final.cls+tokens.scale"), get("encoder.final.cls+tokens.shift"));
    return crossEntropy(linear(encoded, get("logits.weight"), get("logits.bias")), wanted);
  };
}

function createNorm(tf, constant) {
  const { add, mul, sub } = tf;
  return tf.customGrad((x, scale, shift, save) => {
    const centred = sub(x, tf.mean(x, 1, true));
    const inverse = tf.rsqrt(add(tf.mean(tf.square(centred), 1, true), constant(normEps)));
    const unit = mul(centred, inverse);
    save([unit, inverse, scale]);
    return {
      value: add(mul(unit, scale), shift),
      gradFunc: (dy, [unit, inverse, scale]) => {
        const part = mul(dy, scale);
        const centredPart = sub(sub(part, tf.mean(part, 1, true)), mul(unit, tf.mean(mul(part, unit), 1, true)));
        return [mul(centredPart, inverse), tf.sum(mul(dy, unit), 0), tf.sum(dy, 0)];
      },
    };
  });
}

/** The exact GELU, x * (1 + erf(x / sqrt 2)) / 2. */
function createGelu(tf, constant) {
  const { add, mul } = tf;
  return tf.customGrad((x, save) => {
    const share = mul(add(tf.erf(mul(x, constant(Math.SQRT1_2))), constant(1)), constant(0.5));
    save([x, share]);
    return {
      value: mul(x, share),
      gradFunc: (dy, [x, share]) => {
        const density = mul(tf.exp(mul(tf.square(x), constant(-0.5))), constant(1 / Math.sqrt(2 * Math.PI)));
        return mul(dy, add(share, mul(x, density)));
      },
    };
  });
}

function createCrossEntropy(tf, constant, batch) {
  return tf.customGrad((logits, wanted, save) => {
    const logs = tf.logSoftmax(logits);
    save([logs, wanted]);
    return {
      value: tf.mul(tf.sum(tf.mul(logs, wanted)), constant(-1 / batch)),
      gradFunc: (dy, [logs, wanted]) => [tf.mul(tf.sub(tf.exp(logs), wanted), tf.mul(dy, constant(1 / batch))), tf.zerosLike(wanted)],
    };
  });
}
