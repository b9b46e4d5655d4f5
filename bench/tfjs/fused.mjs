// The operations of the careful step with as few kernels as TensorFlow.js has for them.
import { extents } from "../model.mjs";

export function fusedOperations(tf, constant, { model, batch }) {
  const { matMul, mul, reshape, transpose } = tf;
  const { dim, heads } = model;
  const { tokens, key } = extents(model);
  const all = tokens + 1;
  return {
    linear: (x, weight, bias) => tf.fused.matMul({ a: x, b: weight, bias }),
    attend: (joint) => {
      const apart = transpose(reshape(joint, [batch, all, 3, heads, key]), [2, 0, 3, 1, 4]);
      const [query, keys, value] = tf.unstack(reshape(apart, [3, batch * heads, all, key]));
      const weights = tf.softmax(matMul(mul(query, constant(1 / Math.sqrt(key))), keys, false, true));
      return reshape(transpose(reshape(matMul(weights, value), [batch, heads, all, key]), [0, 2, 1, 3]), [batch * all, dim]);
    },
  };
}
