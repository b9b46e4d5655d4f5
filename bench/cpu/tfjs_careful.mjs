// The step in TensorFlow.js on WebAssembly without its traps. Only the product of two matrices that are not transposed is fast
// there: other ones are eleven times slower, so that it transposes first. It slices no more than two dimensions, and transposes
// no more than four.
import { extents } from "../model.mjs";
import { openCareful } from "../tfjs/careful.mjs";
import { openWasm } from "../tfjs/wasm.mjs";

/** From so many tokens on, a product for each head by itself is faster than one for all, which is always slow. */
const manyTokens = 128;

export const open = async (request) => openCareful(await openWasm(), request, createOperations, false);

function createOperations(tf, constant, { model, batch }) {
  return { linear: createLinear(tf), attend: createAttend(tf, constant, model, batch) };
}

function createLinear(tf) {
  const { matMul, transpose } = tf;
  return tf.customGrad((x, weight, bias, save) => {
    save([x, weight]);
    return {
      value: tf.fused.matMul({ a: x, b: weight, bias }),
      gradFunc: (dy, [x, weight]) => [matMul(dy, transpose(weight)), matMul(transpose(x), dy), tf.sum(dy, 0)],
    };
  });
}

function createAttend(tf, constant, model, batch) {
  const { concat, mul, reshape, slice, sub, transpose } = tf;
  const { dim, heads } = model;
  const { tokens, key } = extents(model);
  const all = tokens + 1;
  const product = all < manyTokens ? tf.matMul : createHeadwiseProduct(tf);
  const apart = (x) => reshape(transpose(reshape(x, [batch, all, heads, key]), [0, 2, 1, 3]), [batch * heads, all, key]);
  const together = (x) => reshape(transpose(reshape(x, [batch, heads, all, key]), [0, 2, 1, 3]), [batch * all, dim]);
  const scale = constant(1 / Math.sqrt(key));
  return tf.customGrad((joint, save) => {
    const [query, keys, value] = [0, 1, 2].map((part) => apart(slice(joint, [0, part * dim], [batch * all, dim])));
    const scaled = mul(query, scale);
    const weights = tf.softmax(product(scaled, keys, false, true));
    save([scaled, keys, value, weights]);
    return {
      value: together(product(weights, value)),
      gradFunc: (dy, [scaled, keys, value, weights]) => {
        const mixed = apart(dy);
        const part = mul(product(mixed, value, false, true), weights);
        const scores = sub(part, mul(weights, tf.sum(part, -1, true)));
        const toQuery = mul(product(scores, keys), scale);
        return concat([toQuery, product(scores, scaled, true), product(weights, mixed, true)].map(together), 1);
      },
    };
  });
}

/** `tf.matMul` of three dimensions by matrix products. */
function createHeadwiseProduct(tf) {
  const matrix = (x, index) => tf.reshape(tf.slice(x, [index, 0, 0], [1, x.shape[1], x.shape[2]]), [x.shape[1], x.shape[2]]);
  const ordered = (x, isTransposed) => (isTransposed ? tf.transpose(x, [0, 2, 1]) : x);
  return (a, b, transposeA, transposeB) => {
    const [left, right] = [ordered(a, transposeA), ordered(b, transposeB)];
    return tf.stack(Array.from({ length: a.shape[0] }, (_, index) => tf.matMul(matrix(left, index), matrix(right, index))));
  };
}
