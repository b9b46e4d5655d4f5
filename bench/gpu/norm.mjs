// The step by Norm's own compiler, on WebGPU.
import { openNorm } from "../norm.mjs";
import { openTrainer } from "./open.mjs";

export const open = (request) => openNorm(request, openTrainer);
