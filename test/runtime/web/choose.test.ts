/** Which device a page takes. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenPage, openPage } from "../webgpu/browser.js";
import { canOpenPages } from "./site.js";

let open: OpenPage;

/** What the page would show, or the reason why it trains on nothing, after `prepare`. */
async function chosen(wanted: string | null, prepare: string): Promise<string> {
  await open.page.reload();
  return open.page.evaluate<string>(`(async () => {
    Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { get: () => 1 });
    ${prepare}
    const { chooseDevice } = await import("/src/runtime/web/choose.js");
    return chooseDevice(${JSON.stringify(wanted)}).then(({ description }) => description, (error) => error.name + ": " + error.message);
  })()`);
}

const gpuThat = (request: string) => `Object.defineProperty(Navigator.prototype, "gpu", { get: () => (${request}) });`;
const noWebgpu = gpuThat("undefined");
const hardware = gpuThat(`{ requestAdapter: async () => ({ info: { vendor: "apple", architecture: "metal-3", device: "", description: "" }, features: new Set(), limits: {} }) }`);
const software = "";
const noWasm = "delete globalThis.WebAssembly;";
const oldWasm = "WebAssembly.validate = () => false;";
const withoutWasm = "this browser has no WebAssembly with SIMD and threads: use a newer one, or switch it on in its settings";

describe.skipIf(!canOpenPages)("a page trains", () => {
  beforeAll(async () => void (open = await openPage()));
  afterAll(() => open.close());

  test.each([
    ["on the GPU", null, hardware, "webgpu on apple metal-3: "],
    ["on the CPU where that is asked for", "wasm", hardware, "wasm on 1 thread; the page's address asks for it"],
    ["on the CPU without WebGPU", null, noWebgpu, "wasm on 1 thread; this browser has no WebGPU: use a newer one"],
    ["on the CPU without a GPU", null, gpuThat("{ requestAdapter: async () => null }"), "wasm on 1 thread; WebGPU finds no GPU: "],
    ["on the CPU where the GPU is software", null, software, "wasm on 1 thread; WebGPU has no GPU here but one in software, google swiftshader, "],
    ["on a GPU in software where that is asked for", "webgpu", software, "webgpu on google swiftshader: "],
    ["on a GPU in software where there is no WebAssembly", null, noWasm, "webgpu on google swiftshader: "],
    ["on a GPU in software where WebAssembly is too old", null, oldWasm, "webgpu on google swiftshader: "],
    ["on nothing where neither is there", null, noWebgpu + noWasm, `RunError: this browser has no WebGPU: use a newer one, or switch WebGPU on in its settings. Nor can it train on the CPU: ${withoutWasm}`],
    ["on nothing where the GPU is asked for and not there", "webgpu", noWebgpu, "RunError: this browser has no WebGPU: use a newer one"],
    ["on nothing where the CPU is asked for and cannot", "wasm", noWasm, `RunError: ${withoutWasm}`],
    ["on nothing where something else is asked for", "tpu", hardware, "RunError: the page's address asks for the device tpu, which there is not: take `webgpu` or `wasm`"],
  ])("%s", async (_, wanted, prepare, expected) => {
    expect((await chosen(wanted, prepare)).slice(0, expected.length)).toBe(expected);
  });
});
