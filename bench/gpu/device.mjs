// WebGPU in Node.js, where browsers have it, and counts of what is asked of it. The counts stand below the libraries, so they
// mean the same for each.
import { create, globals } from "webgpu";

const counts = { dispatches: 0, bytes: 0, peakBytes: 0 };
const sizes = new WeakMap();
// Some buffers are never destroyed by their owners, only forgotten.
const forgotten = new FinalizationRegistry((size) => release(size));

/** Puts `navigator.gpu` and WebGPU's classes where libraries for browsers look, and begins to count. */
export function openGpu() {
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "" }, configurable: true });
  const { GPUBuffer, GPUComputePassEncoder, GPUDevice } = globals;
  around(GPUComputePassEncoder.prototype, "dispatchWorkgroups", () => counts.dispatches++);
  around(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", () => counts.dispatches++);
  around(GPUDevice.prototype, "createBuffer", ([{ size }], buffer) => {
    sizes.set(buffer, size);
    forgotten.register(buffer, size, buffer);
    counts.bytes += size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.bytes);
  });
  around(GPUBuffer.prototype, "destroy", (_, __, buffer) => {
    if (!sizes.has(buffer)) return;
    forgotten.unregister(buffer);
    release(sizes.get(buffer));
    sizes.delete(buffer);
  });
}

/** Dispatches so far, and the largest sum of the sizes of all buffers that were there at one time. */
export function gpuCounts() {
  return { dispatches: counts.dispatches, peakBytes: counts.peakBytes };
}

function release(size) {
  counts.bytes -= size;
}

function around(prototype, name, after) {
  const original = prototype[name];
  prototype[name] = function (...parameters) {
    const result = original.apply(this, parameters);
    after(parameters, result, this);
    return result;
  };
}
