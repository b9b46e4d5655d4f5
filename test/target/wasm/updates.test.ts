/** Updates of slots by WebAssembly. */

import { describe } from "vitest";
import { testUpdates } from "../updates.js";
import { runners } from "./run.js";

describe.each(Object.entries(runners))("%s", (_, run) => testUpdates(run));
