// The step in TensorFlow.js on its WebGPU backend, where the number of kernels is what is slow: products with their bias in one
// kernel, and AdamW once for all parameters, laid end to end.
import { openCareful } from "../tfjs/careful.mjs";
import { fusedOperations } from "../tfjs/fused.mjs";
import { importTensorFlow } from "../tfjs/import.mjs";

/** Opens a trainer. `step(index)` runs one step, uploads its batch and returns its loss. */
export async function open(request) {
  const { tf } = await importTensorFlow("webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js finds no WebGPU adapter");
  await tf.ready();
  return openCareful(tf, request, fusedOperations, true);
}
