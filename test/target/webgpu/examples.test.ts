/** A recipe of every example in small: first values, three steps and an evaluation, as the float64 interpreter has them. */

import { describe } from "vitest";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { examples } from "../examples.js";
import { testCourse } from "../training.js";
import { engines, fastest } from "./engines.js";

/** Compiled for a GPU too, which takes SwiftShader three times as long. */
const onBoth = "mnist-sepnorm.norm";

/** A software GPU takes its time: of each file the first recipe. The target wasm runs the others, by the same kernel programs. */
const first = examples.filter(({ file }, i) => examples.findIndex((other) => other.file === file) === i);

describeOnGpu("examples", () => {
  describe.each(first)("$name", ({ file, compiled }) => testCourse(compiled, file === onBoth ? engines : fastest));
});
