/** Every recipe of the examples in small, trained on CPU threads beside the float64 interpreter. */

import { describe } from "vitest";
import { examples } from "../examples.js";
import { testCourse } from "../training.js";
import { engines } from "./engines.js";

describe.each(examples)("$name", ({ compiled }) => testCourse(compiled, engines));
