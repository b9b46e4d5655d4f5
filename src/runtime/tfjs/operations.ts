/** Operations for emitted programs that TensorFlow.js lacks, or that one of its backends does wrongly or slowly. */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Operations, TensorFlow } from "./program.js";

/** The helpers, on the backend that `tf` is set to. */
export function createOperations(tf: TensorFlow): Operations {
  const isWasm = tf.getBackend() === "wasm";
  return {
    // tf.broadcastTo is a tiling; on wasm that takes a hundred times as long as a sum that broadcasts.
    broadcastTo: ((x: Tensor, shape: number[]) =>
      tf.tidy(() => {
        if (x.dtype === "bool") return tf.notEqual(tf.add(tf.fill(shape, 0), tf.cast(x, "float32")), 0);
        return tf.add(tf.fill(shape, 0, x.dtype as "float32" | "int32"), x);
      })) as Operations["broadcastTo"],

    // e^x = s/(1 - s) with the logistic function s, the only transcendental function that wasm computes four numbers at a
    // time; where x is not above 0, nothing cancels: the relative error is 2.4e-7.
    expOfNonPositive: (x) =>
      isWasm
        ? tf.tidy(() => {
            const logistic = tf.sigmoid(x);
            return tf.div(logistic, tf.sub(1, logistic));
          })
        : tf.exp(x),

    // tf.sign of tiny numbers is 0 on wasm.
    sign: (x) =>
      tf.tidy(() => {
        const float = tf.cast(x, "float32");
        return tf.cast(tf.sub(tf.step(float), tf.step(tf.neg(float))), x.dtype);
      }),

    // tf.topk keeps the order of equal elements, and sorts downwards.
    argsort: (x) =>
      tf.tidy(() => {
        const { indices } = tf.topk(tf.neg(x), x.shape.at(-1)!, true);
        return indices;
      }),

    stopGradient: (x) =>
      tf.customGrad((value) => {
        const stopped = value as Tensor;
        return { value: stopped.clone(), gradFunc: (dy: Tensor) => tf.zerosLike(dy) };
      })(x),
  };
}
