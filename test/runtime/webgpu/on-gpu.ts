/** For tests that compute on a GPU: on SwiftShader, or with `NORM_TEST_ADAPTER=hardware` on the machine's own. */

import { beforeAll, describe } from "vitest";
import { softwareGpuExists } from "../../../scripts/swiftshader.mjs";
import { describeAdapter } from "../../../src/runtime/webgpu/adapter.js";

export const onHardware = process.env["NORM_TEST_ADAPTER"] === "hardware";
const possible = softwareGpuExists || onHardware;

/**
 * `describe` for such tests. Where no GPU is found they fail; on systems that SwiftShader is not packaged for they are left
 * out, and a line says so.
 */
export function describeOnGpu(name: string, tests: () => void): void {
  if (!possible) {
    console.log(`left out: ${name}: SwiftShader is packaged for Linux on x86-64 only; NORM_TEST_ADAPTER=hardware takes the GPU`);
  }
  describe.skipIf(!possible)(name, () => {
    beforeAll(requireTestAdapter);
    tests();
  });
}

async function requireTestAdapter(): Promise<void> {
  const { isSoftware, device } = await describeAdapter().catch((error: unknown) => {
    throw new Error(
      onHardware
        ? "NORM_TEST_ADAPTER=hardware asks for a GPU"
        : "SwiftShader is not in the environment that this process started with: run `npx vitest run` in the repository's folder, whose vitest.config.ts sets it",
      { cause: error },
    );
  });
  if (isSoftware === onHardware) throw new Error(`the tests are to run ${onHardware ? "on hardware" : "on SwiftShader"}, not on ${device}`);
}
