/** Prints the description of the GPU as JSON; fails when there is none. A process that `findGpu` starts. */

import { describeAdapter } from "../runtime/webgpu/adapter.js";

// A driver's threads would keep the process running.
process.stdout.write(JSON.stringify(await describeAdapter()), () => process.exit());
