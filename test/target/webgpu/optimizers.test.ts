/** Optimizers that see all parameters or take second gradients, on a GPU, beside the float64 interpreter; the others are maps. */

import { describe } from "vitest";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { optimizers } from "../optimizers.js";
import { testCourse } from "../training.js";
import { fastest } from "./engines.js";

const maps = ["sgd", "adamw", "lars", "layerwise", "averaged", "noise_watched"];

describeOnGpu("optimizers", () => {
  describe.each([...optimizers].filter(([name]) => !maps.includes(name)))("%s", (_, compiled) => testCourse(compiled, fastest));
});
