/** Every optimizer of the standard library, trained on CPU threads beside the float64 interpreter. */

import { describe } from "vitest";
import { optimizers, testThatAllOptimizersAreHere } from "../optimizers.js";
import { testCourse } from "../training.js";
import { engines } from "./engines.js";

testThatAllOptimizersAreHere();

describe.each([...optimizers])("%s", (_, compiled) => testCourse(compiled, engines));
