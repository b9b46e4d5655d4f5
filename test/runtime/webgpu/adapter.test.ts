import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RunError } from "../../../src/runtime/errors.js";
import { describeAdapter, openDevice } from "../../../src/runtime/webgpu/adapter.js";
import { doubled } from "./doubling.js";
import { javascriptOf } from "./javascript.js";
import { describeOnGpu, onHardware } from "./on-gpu.js";

const nothing = { features: [], limits: {} };

describeOnGpu("a GPU in Node", () => {
  test("the adapter is described in plain JSON", async () => {
    const adapter = await describeAdapter();
    expect(JSON.parse(JSON.stringify(adapter))).toEqual(adapter);
    expect(adapter.vendor).not.toBe("");
    expect(adapter.shaderF16).toBe(adapter.f16Missing === undefined);
    // WebGPU's own least values.
    expect(adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
    expect(adapter.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
    expect(adapter.limits.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(16 * 2 ** 10);
  });

  test.skipIf(onHardware)("SwiftShader is software, with subgroups of 4 and no 16-bit floats", async () => {
    const adapter = await describeAdapter();
    expect(adapter).toMatchObject({ vendor: "google", architecture: "swiftshader", isSoftware: true, subgroups: { min: 4, max: 4 } });
    expect(adapter).toMatchObject({ shaderF16: false, subgroupMatrices: [], timestampQuery: true });
    expect(adapter.f16Missing).toBe("the adapter is software, which has no 16-bit floats");
  });

  test("a device computes, and says in one line what it is", async () => {
    const { device, describe, throwIfFailed } = await openDevice({
      features: ["subgroups"],
      limits: { maxComputeWorkgroupStorageSize: 32_768 },
    });
    expect(await doubled(device, [1, -2, 0.5])).toEqual([2, -4, 1]);
    expect(device.features.has("subgroups")).toBe(true);
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(32_768);
    expect(describe()).toMatch(/^webgpu on \S.*: subgroups of \d+.*f16.*$/);
    throwIfFailed();
  });

  test("several devices compute at once", async () => {
    const devices = await Promise.all([openDevice(nothing), openDevice(nothing), openDevice(nothing)]);
    const results = await Promise.all(devices.map(({ device }, index) => doubled(device, [index])));
    expect(results.map(([first]) => first)).toEqual([0, 2, 4]);
  });

  test("what the GPU has not is named, with what it has", async () => {
    const limits = { maxComputeWorkgroupStorageSize: 2 ** 30, maxStorageBuffersPerShaderStage: 8, maxSpeed: 1 };
    const refused = openDevice({ features: ["subgroups", "telepathy"], limits });
    await expect(refused).rejects.toThrow(RunError);
    await expect(refused).rejects.toThrow(
      /^the program does not fit this GPU, webgpu on .*: it needs the WebGPU feature `telepathy`, which is not available; it needs `maxComputeWorkgroupStorageSize` 1073741824, and \d+ is available; it needs the limit `maxSpeed`, which this version of WebGPU does not have$/,
    );
  });

  test.skipIf(onHardware)("the lack of 16-bit floats is explained", async () => {
    const refused = openDevice({ features: ["shader-f16"], limits: {} });
    await expect(refused).rejects.toThrow("needs the WebGPU feature `shader-f16`, which is not available: the adapter is software");
  });

  test("an alignment is met by a smaller one", async () => {
    await openDevice({ features: [], limits: { minStorageBufferOffsetAlignment: 256 } });
    const refused = openDevice({ features: [], limits: { minStorageBufferOffsetAlignment: 2 } });
    await expect(refused).rejects.toThrow(/`minStorageBufferOffsetAlignment` 2, and \d+ is available/);
  });

  test("an error that nobody caught is thrown when asked for, and the first one is", async () => {
    const { device, throwIfFailed } = await openDevice(nothing);
    device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    device.createShaderModule({ code: "what?" });
    await device.queue.onSubmittedWorkDone();
    expect(throwIfFailed).toThrow(RunError);
    expect(throwIfFailed).toThrow(/^the GPU reported an error: .*MapRead/);
  });

  test("a device that was closed says so", async () => {
    const { device, lost, throwIfFailed } = await openDevice(nothing);
    device.destroy();
    expect(await lost).toBe("it was closed");
    expect(throwIfFailed).toThrow("the GPU was lost: it was closed");
  });
});

describe("in a process of its own", () => {
  /** The runtime's files, where no package can be found. */
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "norm-webgpu-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const name of ["errors", "webgpu/adapter", "webgpu/description", "webgpu/gpu"]) {
      const path = `src/runtime/${name}.js`;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), javascriptOf(path));
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(): void {
    symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(folder, "node_modules"));
  }
  function runHere(code: string, environment: NodeJS.ProcessEnv = {}): string {
    const script = `import { openDevice } from "./src/runtime/webgpu/adapter.js"; ${code}`;
    const env = { ...process.env, ...environment };
    const { stdout, stderr, status, signal, error } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: 30_000,
    });
    if (error !== undefined || status !== 0) throw new Error(`ended with ${signal ?? status}: ${stdout}${stderr}`, { cause: error });
    return stdout.trim();
  }
  const tellError = `await openDevice({ features: [], limits: {} }).catch((error) => console.log(error.name + ": " + error.message));`;

  test("without the npm package webgpu, the command that installs it is told", () => {
    // An empty package is not found either, and keeps Node from looking for one in the folders above.
    mkdirSync(join(folder, "node_modules/webgpu"), { recursive: true });
    expect(runHere(tellError)).toMatch(
      /^RunError: WebGPU in Node needs the npm package `webgpu`, .*run `npm install webgpu`, or .*--target wasm/,
    );
  });

  test("a package that does not load is told with its reason", () => {
    mkdirSync(join(folder, "node_modules/webgpu"), { recursive: true });
    writeFileSync(join(folder, "node_modules/webgpu/package.json"), '{ "name": "webgpu", "main": "index.js" }');
    writeFileSync(join(folder, "node_modules/webgpu/index.js"), 'throw new Error("wrong ELF class\\nat …");');
    expect(runHere(tellError)).toMatch(
      /^RunError: the npm package `webgpu` does not load: wrong ELF class\. Run `npm install webgpu` again/,
    );
  });

  test.skipIf(process.platform !== "linux")("without a driver, it is told what is missing", () => {
    install();
    const driverless = { VK_DRIVER_FILES: "/nowhere", VK_ICD_FILENAMES: "/nowhere" };
    expect(runHere(tellError, driverless)).toMatch(/^RunError: WebGPU finds no GPU: there is no Vulkan driver that works here\. Install/);
  });

  describeOnGpu("on a GPU", () => {
    test("it ends by itself while a device is open", () => {
      install();
      const opened = "globalThis.kept = await openDevice({ features: [], limits: {} }); console.log(kept.device.constructor.name);";
      expect(runHere(opened)).toBe("GPUDevice");
    });
  });
});
