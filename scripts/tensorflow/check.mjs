/**
 * Loads the addon in a folder and multiplies two matrices on it; prints one line of JSON. Run in a process of its own,
 * because an addon that does not fit its library may end the process that loads it.
 *
 * node check.mjs <folder that has node_modules/@tensorflow/tfjs-node-gpu>
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";

// Removed in Node 23; tfjs-node 4.22 still calls it.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

const tf = createRequire(join(process.argv[2], "package.json"))("@tensorflow/tfjs-node-gpu");
const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
const values = [...product.dataSync()];
if (values.join() !== "19,22,43,50") throw new Error(`a 2×2 product came out as ${values.join(", ")}`);

const size = 512;
const factor = tf.randomUniform([size, size]);
tf.matMul(factor, factor).dataSync();
const start = performance.now();
const repeats = 5;
for (let i = 0; i < repeats; i++) tf.matMul(factor, factor).dataSync();
const seconds = (performance.now() - start) / 1000 / repeats;

const backend = tf.backend();
process.stdout.write(
  `${JSON.stringify({
    backend: tf.getBackend(),
    version: backend.binding.TF_Version,
    gpu: backend.isUsingGpuDevice,
    gigaflops: Math.round((2 * size ** 3) / seconds / 1e9),
  })}\n`,
);
