// The step in jax-js on WebGPU. AdamW takes all parameters in one vector: there, the number of kernels counts.
import { openJax } from "../jax.mjs";

export const open = (request) => openJax(request, "webgpu", true);
