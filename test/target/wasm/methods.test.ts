/** Every norm and placement of the standard library, trained on CPU threads beside the float64 interpreter. */

import { describe } from "vitest";
import { methods, testThatAllAreHere } from "../methods.js";
import { testCourse } from "../training.js";
import { engines } from "./engines.js";

testThatAllAreHere();

describe.each(Object.entries(methods))("%s", (_, compiled) => testCourse(compiled, engines));
