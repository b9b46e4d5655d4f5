/** Contractions and reductions as WebAssembly against the float64 interpreter, in the shapes that take ways of their own. */

import { testCases } from "../cases.js";
import { sumCases } from "../sums.js";
import { products } from "./products.js";
import { runners } from "./run.js";

/** An exponential, a sum of some hundred of them, and a quotient. */
const softmaxUlps = 16;

testCases({ ...sumCases(softmaxUlps), ...products }, runners);
