// TensorFlow.js on its WebAssembly backend. In Node.js it has one thread: it switches its threads off there
// (https://github.com/tensorflow/tfjs/issues/3830).
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { importTensorFlow } from "./import.mjs";

export async function openWasm() {
  const { tf, backend } = await importTensorFlow("wasm");
  backend.setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js does not start its WebAssembly backend");
  await tf.ready();
  return tf;
}
