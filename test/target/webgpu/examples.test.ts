/** Every recipe of the examples in small: first values, three steps and an evaluation, as the float64 interpreter has them. */

import { describe } from "vitest";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { examples } from "../examples.js";
import { testCourse } from "../training.js";
import { engines, fastest } from "./engines.js";

/** Compiled for a GPU too, which takes SwiftShader three times as long. */
const onBoth = "mnist-sepnorm.norm";

describeOnGpu("examples", () => {
  describe.each(examples)("$name", ({ file, compiled }) => testCourse(compiled, file === onBoth ? engines : fastest));
});
