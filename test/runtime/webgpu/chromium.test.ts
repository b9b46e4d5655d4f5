import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { softwareGpuExists } from "../../../scripts/swiftshader.mjs";
import type { AdapterDescription } from "../../../src/runtime/webgpu/adapter.js";
import { type OpenPage, openPage } from "./browser.js";

if (!softwareGpuExists) console.log("left out: WebGPU in Chromium: the Chromium for it is packaged for Linux on x86-64 only");

/** Runs in the page, so that it is text: what stands in a function here would be rewritten for Node. */
const inPage = (body: string): string => `(async () => {
  const { describeAdapter, openDevice } = await import("/src/runtime/webgpu/adapter.js");
  const { doubled } = await import("/test/runtime/webgpu/doubling.js");
  ${body}
})()`;

describe.skipIf(!softwareGpuExists)("the runtime in a page in Chromium", () => {
  let opened: OpenPage;
  beforeAll(async () => {
    opened = await openPage();
  }, 60_000);
  afterAll(() => opened.close());

  test("the adapter is SwiftShader, described as in Node", async () => {
    const adapter = await opened.page.evaluate<AdapterDescription>(inPage("return describeAdapter();"));
    expect(adapter).toMatchObject({ vendor: "google", architecture: "swiftshader", isSoftware: true, subgroups: { min: 4, max: 4 } });
    expect(adapter.f16Missing).toBe("the adapter is software, which has no 16-bit floats");
    expect(adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
  });

  test("a device computes", async () => {
    const [numbers, line] = await opened.page.evaluate<[number[], string]>(
      inPage(`
        const { device, describe, throwIfFailed } = await openDevice({ features: ["subgroups"], limits: {} });
        const numbers = await doubled(device, [1, -2, 0.5]);
        throwIfFailed();
        return [numbers, describe()];`),
    );
    expect(numbers).toEqual([2, -4, 1]);
    expect(line).toBe("webgpu on google swiftshader: subgroups of 4, no f16 (the adapter is software, which has no 16-bit floats), computed by the CPU");
    expect(opened.errors).toEqual([]);
  });

  test("a browser without WebGPU is told apart from one without a GPU", async () => {
    const message = await opened.page.evaluate<string>(
      inPage(`
        Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
        return describeAdapter().catch((error) => error.name + ": " + error.message);`),
    );
    expect(message).toBe("RunError: this browser has no WebGPU: use a newer one, or switch WebGPU on in its settings");
  });
});
