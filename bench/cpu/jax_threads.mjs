// The step in jax-js on WebAssembly with its threads, which it has where there are workers as pages have them.
import { openJax } from "../jax.mjs";
import { addWorkers } from "./workers.mjs";

export function open(request) {
  addWorkers(request.threads);
  return openJax(request, "wasm", false);
}
