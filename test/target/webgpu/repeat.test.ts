/** Runs repeat bit by bit on one device. */

import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testRepeat } from "../repeat.js";
import { engines } from "./engines.js";

describeOnGpu("repeat", () => testRepeat(engines));
