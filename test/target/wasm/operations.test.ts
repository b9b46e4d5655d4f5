/** Every operation of the IR as WebAssembly against the float64 interpreter. */

import { type Bounds, testOperations } from "../operations.js";
import { runners } from "./run.js";

/** What library.test.ts holds the functions to, rounded up. */
const bounds: Bounds = {
  exp: { ulps: 2 },
  wideExp: { ulps: 2 },
  log: { ulps: 2 },
  tanh: { ulps: 2 },
  erf: { ulps: 2 },
  circular: { ulps: 2 },
  pow: { ulps: 1 },
  // Where the reference is some 1e-16, this is 0.
  normal: { ulps: 4, absolute: 1e-15 },
  sqrt: {},
  div: {},
  // A root and a quotient, both rounded.
  rsqrt: { ulps: 1.5 },
};

testOperations(bounds, runners);
