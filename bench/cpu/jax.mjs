// The step in jax-js on WebAssembly. AdamW takes each parameter for itself: one vector for all is slower there for large models.
import { openJax } from "../jax.mjs";

export const open = (request) => openJax(request, "wasm", false);
