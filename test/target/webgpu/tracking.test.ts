/** The main example's training on WebGPU beside the same on TensorFlow.js. */

import { describeAdapter } from "../../../src/runtime/webgpu/adapter.js";
import { deviceOf } from "../../../src/target/webgpu/device.js";
import { describeOnGpu } from "../../runtime/webgpu/on-gpu.js";
import { testTracking } from "../tracking.js";
import { engineOf } from "./engines.js";

describeOnGpu("tracking", () => testTracking(async (compiled, use) => engineOf(deviceOf(await describeAdapter()))(compiled, use)));
