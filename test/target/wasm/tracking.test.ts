/** The main example's training on CPU threads beside the same on TensorFlow.js. */

import { testTracking } from "../tracking.js";
import { engineOf } from "./engines.js";

testTracking(engineOf(true, 2));
