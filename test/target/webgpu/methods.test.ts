/**
 * Every norm and placement of the standard library in a small vision transformer: first values, gradients (as AdamW's first
 * moments), running statistics, three steps and an evaluation, as the float64 interpreter has them.
 */

import { describe } from "vitest";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { methods, testThatAllAreHere } from "../methods.js";
import { testCourse } from "../training.js";
import { engines, fastest } from "./engines.js";

testThatAllAreHere();

describeOnGpu("methods", () => {
  describe("every norm", () => testCourse(methods["every norm"], engines));
  // A GPU's schedules, which SwiftShader takes longest to compile, change how rows are summed, and not how parts are put together.
  describe.each(["norms with networks", "every placement", "more placements"] as const)("%s", (name) => testCourse(methods[name], fastest));
});
