/** Runs repeat bit by bit. */

import { testRepeat } from "../repeat.js";
import { engines } from "./engines.js";

testRepeat(engines);
