/** An adapter as the planning of kernels sees it. */

import { type Device, portable } from "../../kernel/device.js";
import type { AdapterDescription } from "../../runtime/webgpu/adapter.js";

/** What to plan for on an adapter. */
export function deviceOf(adapter: AdapterDescription): Device {
  const { limits } = adapter;
  const matrix = matrixOf(adapter);
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
    ...(matrix === undefined ? {} : { matrix }),
  };
}

/** The largest subgroup matrix with factors of 16 bits and sums of 32, where all subgroups are of one size. */
function matrixOf({ subgroups, subgroupMatrices, shaderF16, isSoftware }: AdapterDescription): Device["matrix"] {
  if (subgroups === undefined || subgroups.min !== subgroups.max || !shaderF16 || isSoftware) return undefined;
  const fitting = subgroupMatrices.filter((own) => own.componentType === "f16" && own.resultComponentType === "f32" && own.M === own.N);
  const [best] = [...fitting].sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  return best && { m: best.M, n: best.N, k: best.K, subgroup: subgroups.max };
}
