// TensorFlow.js's ES modules with its gradients.
import { createRequire, register } from "node:module";

/** The library and one of its backends, `webgpu` or `wasm`. */
export async function importTensorFlow(backend) {
  register("./bundler.mjs", import.meta.url);
  // TensorFlow.js expects the function in Node.js, also in its ES modules.
  globalThis.require = createRequire(import.meta.url);
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-core/dist/register_all_gradients");
  return { tf, backend: await import(`@tensorflow/tfjs-backend-${backend}`) };
}
