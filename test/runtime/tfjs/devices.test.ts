import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Device, DeviceError, type DeviceChoice, openDevice } from "../../../src/runtime/tfjs/devices.js";

/** What `npm run setup:tensorflow` makes; the test that needs it is left out where that was not run. */
const root = join(import.meta.dirname, "../../..");
const addonInstalled = existsSync(join(root, ".tensorflow/node_modules/@tensorflow/tfjs-node-gpu/deps"));

/** A folder from which no package with an addon is found. */
let empty: string;
beforeEach(() => {
  empty = mkdtempSync(join(tmpdir(), "norm-devices-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(empty, { recursive: true });
});

function multiply({ tf }: Device): number[] {
  return tf.tidy(() => {
    const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
    return [...product.dataSync()];
  });
}

/** A tfjs-node-gpu that has no addon yet, or one that is no library. */
function fakePackage(folder: string, addon?: string): void {
  const place = join(folder, "node_modules/@tensorflow/tfjs-node-gpu");
  mkdirSync(join(place, "lib/napi-v8"), { recursive: true });
  writeFileSync(join(place, "package.json"), '{ "name": "@tensorflow/tfjs-node-gpu", "version": "4.22.0" }');
  if (addon !== undefined) writeFileSync(join(place, "lib/napi-v8/tfjs_binding.node"), addon);
}

describe("openDevice", () => {
  test("wasm multiplies, from any working directory, without a word on the console", async () => {
    const before = process.cwd();
    const said = [vi.spyOn(console, "warn"), vi.spyOn(console, "log"), vi.spyOn(console, "error")];
    process.chdir(empty);
    try {
      const device = await openDevice("wasm", [empty]);
      expect(device.tf.getBackend()).toBe("wasm");
      expect(device.name).toBe("tfjs on wasm (SIMD)");
      expect(device.why).toBe("wasm was asked for");
      expect(multiply(device)).toEqual([19, 22, 43, 50]);
    } finally {
      process.chdir(before);
    }
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
  });

  test("cpu multiplies, without a word on the console", async () => {
    const warn = vi.spyOn(console, "warn");
    const device = await openDevice("cpu", [empty]);
    expect(device.tf.getBackend()).toBe("cpu");
    expect(device.name).toBe("tfjs on cpu (plain JavaScript)");
    expect(multiply(device)).toEqual([19, 22, 43, 50]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("the device that was opened last is the one that computes", async () => {
    await openDevice("cpu", [empty]);
    const device = await openDevice("wasm", [empty]);
    expect(device.tf.getBackend()).toBe("wasm");
    expect(multiply(device)).toEqual([19, 22, 43, 50]);
  });

  test("auto says why it did not take the faster ones, in one line", async () => {
    const device = await openDevice("auto", [empty]);
    expect(device.name).toBe("tfjs on wasm (SIMD)");
    expect(device.why).toBe("tfjs-node-gpu: not installed; tfjs-node: not installed; wasm: taken");
  });

  test("auto passes over a package whose addon was not built", async () => {
    fakePackage(empty);
    const device = await openDevice("auto", [empty]);
    expect(device.why).toMatch(/^tfjs-node-gpu: its native addon was not built in .*tfjs-node-gpu; tfjs-node: not installed; wasm: taken$/);
  });

  test("auto passes over an addon that does not load, also one in .tensorflow", async () => {
    fakePackage(join(empty, ".tensorflow"), "no library");
    const device = await openDevice("auto", [empty]);
    expect(device.why).toMatch(/^tfjs-node-gpu: does not load: [^\n]+; tfjs-node: not installed; wasm: taken$/);
    expect(multiply(device)).toEqual([19, 22, 43, 50]);
  });

  test.each([
    ["tfjs-node-gpu", "the device `tfjs-node-gpu` is not available: not installed. To have it, run `npm run setup:tensorflow`"],
    ["tfjs-node", "the device `tfjs-node` is not available: not installed. To have it, run `npm install @tensorflow/tfjs-node`"],
  ] as const)("%s that is asked for and not there is an error that says how to get it", async (choice, message) => {
    const opening = openDevice(choice, [empty]);
    await expect(opening).rejects.toThrow(DeviceError);
    await expect(opening).rejects.toThrow(message);
  });

  test("an unknown choice is an error that lists the choices", async () => {
    await expect(openDevice("tpu" as DeviceChoice, [empty])).rejects.toThrow(
      "there is no device `tpu`: choose one of auto, tfjs-node-gpu, tfjs-node, wasm, cpu",
    );
  });

  // The last: it brings its own copy of tfjs-core into the process.
  test.skipIf(!addonInstalled)("auto takes the addon of .tensorflow, which says whether it has a GPU", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const device = await openDevice("auto", [empty, root]);
    expect(device.name).toMatch(/^tfjs-node-gpu on TensorFlow \d+\.\d+\.\d+ \((GPU|CPU: no CUDA device)\)$/);
    expect(device.why).toBe("tfjs-node-gpu: taken");
    expect(device.tf.getBackend()).toBe("tensorflow");
    expect(multiply(device)).toEqual([19, 22, 43, 50]);
  });
});
