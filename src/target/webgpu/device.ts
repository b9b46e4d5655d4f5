/** An adapter as the planning of kernels sees it. */

import { type Device, portable } from "../../kernel/device.js";
import type { AdapterDescription } from "../../runtime/webgpu/adapter.js";

/** What to plan for on an adapter. */
export function deviceOf(adapter: AdapterDescription): Device {
  const { limits } = adapter;
  return {
    ...portable,
    maxBuffers: limits.maxStorageBuffersPerShaderStage,
    maxBinding: limits.maxStorageBufferBindingSize,
    maxBuffer: limits.maxBufferSize,
    sharedBytes: limits.maxComputeWorkgroupStorageSize,
    maxThreads: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
    maxGroups: limits.maxComputeWorkgroupsPerDimension,
    // A software adapter's threads are those of a processor.
    cooperates: !adapter.isSoftware,
    parallelism: adapter.isSoftware ? 64 : portable.parallelism,
    subgroup: adapter.isSoftware ? 1 : (adapter.subgroups?.min ?? 1),
    half: adapter.shaderF16,
  };
}
