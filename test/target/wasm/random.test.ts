/** Random programs as WebAssembly. */

import { testRandomPrograms } from "../random.js";
import { runners } from "./run.js";

testRandomPrograms(runners);
