/** Tensors for measures on a GPU. */

import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testMeasures } from "../measures.js";
import { fastest } from "./engines.js";

describeOnGpu("measures", () => testMeasures(fastest));
