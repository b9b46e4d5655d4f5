/** Sends the description of the GPU; fails when there is none. A process that `findGpu` starts. */

import { describeAdapter } from "../runtime/webgpu/adapter.js";

// A driver's threads would keep the process running.
process.send!(await describeAdapter(), () => process.exit());
