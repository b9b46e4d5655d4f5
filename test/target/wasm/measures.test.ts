/** Tensors for measures on CPU threads. */

import { testMeasures } from "../measures.js";
import { engines } from "./engines.js";

testMeasures(engines);
