/** Every optimizer of the standard library on a GPU, beside the float64 interpreter. */

import { describe } from "vitest";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { optimizers } from "../optimizers.js";
import { testCourse } from "../training.js";
import { fastest } from "./engines.js";

describeOnGpu("optimizers", () => {
  describe.each([...optimizers])("%s", (_, compiled) => testCourse(compiled, fastest));
});
