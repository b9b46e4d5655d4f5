import { defineConfig } from "vitest/config";
import { softwareGpuExists, softwareVulkan } from "./scripts/swiftshader.mjs";

// Tests of WebGPU run on SwiftShader also where there is a GPU, so that every machine computes the same.
const hardware = process.env["NORM_TEST_ADAPTER"] === "hardware";

export default defineConfig({
  test: {
    // Processes, and not threads: the driver is found by an environment variable that is read when a process starts.
    pool: "forks",
    // As many as there are cores: Vitest would leave one of them to itself, which is half of a small machine.
    maxWorkers: "100%",
    // What the build has bundled is run as it is.
    server: { deps: { external: [/\/dist\/vendor\//] } },
    // Limits for what hangs. Machines are shared, and a software GPU compiles slowly.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: softwareGpuExists && !hardware ? softwareVulkan() : {},
  },
});
