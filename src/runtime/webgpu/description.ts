/** What an adapter offers, as plain JSON: what the compiler chooses kernels by, and what users are shown. */

import { inNode } from "../errors.js";
import { onLinux } from "./gpu.js";

/** The limits that compute kernels run into. */
export const limitNames = [
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
  "minStorageBufferOffsetAlignment",
] as const;

/** A product of matrices that a whole subgroup computes: M × K by K × N. The types are such as `f16` and `f32`. */
export interface SubgroupMatrix {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

export interface AdapterDescription {
  /** Such as `nvidia`; lower case, as WebGPU says it. Empty where the browser tells nothing, and so are the next three. */
  readonly vendor: string;
  /** The family of GPUs, such as `hopper`. */
  readonly architecture: string;
  /** The GPU's name, such as `NVIDIA H100 80GB HBM3`. Browsers keep it to themselves. */
  readonly device: string;
  /** The driver's name and version. Browsers keep it to themselves. */
  readonly driver: string;
  /** Whether the CPU computes: SwiftShader, llvmpipe and the like. */
  readonly isSoftware: boolean;
  /** How many invocations a subgroup has, at least and at most; undefined where the adapter has no subgroups. */
  readonly subgroups: { readonly min: number; readonly max: number } | undefined;
  readonly shaderF16: boolean;
  /** In words, why `shaderF16` is false. */
  readonly f16Missing?: string;
  /** Empty where the adapter has no subgroup matrices. */
  readonly subgroupMatrices: readonly SubgroupMatrix[];
  readonly timestampQuery: boolean;
  /** In bytes where they are sizes; the alignment as well. */
  readonly limits: Readonly<Record<(typeof limitNames)[number], number>>;
}

/** What WebGPU's types do not have yet. */
interface ExperimentalInfo {
  readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrix>;
}

export function describe(adapter: GPUAdapter): AdapterDescription {
  const { info, features } = adapter;
  const matrices = (info as ExperimentalInfo).subgroupMatrixConfigs ?? [];
  const names = [info.vendor, info.architecture, info.device, info.description].join(" ");
  const isSoftware = info.isFallbackAdapter || /swiftshader|llvmpipe|softpipe|lavapipe|basic render driver/i.test(names);
  const shaderF16 = features.has("shader-f16");
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    driver: info.description,
    isSoftware,
    // 4 and 128 are what WebGPU says where an adapter does not know its own.
    subgroups: features.has("subgroups") ? { min: info.subgroupMinSize ?? 4, max: info.subgroupMaxSize ?? 128 } : undefined,
    shaderF16,
    ...(shaderF16 ? {} : { f16Missing: whyNoF16(info.vendor, isSoftware) }),
    subgroupMatrices: Array.from(matrices, ({ M, N, K, componentType, resultComponentType }) => {
      return { M, N, K, componentType, resultComponentType };
    }),
    timestampQuery: features.has("timestamp-query"),
    limits: Object.fromEntries(limitNames.map((name) => [name, adapter.limits[name]])) as AdapterDescription["limits"],
  };
}

function whyNoF16(vendor: string, isSoftware: boolean): string {
  if (isSoftware) return "the adapter is software, which has no 16-bit floats";
  if (vendor === "nvidia" && onLinux) {
    return inNode
      ? "this NVIDIA driver is too old for 16-bit floats in shaders: install a newer one"
      : "browsers hide 16-bit floats on NVIDIA's Vulkan drivers: start Chrome with --enable-dawn-features=vulkan_enable_f16_on_nvidia";
  }
  return "the GPU or its driver has no 16-bit floats in shaders";
}

/** In one line, such as `webgpu on NVIDIA H100 80GB HBM3 (NVIDIA: 580.159.03): subgroups of 32, f16, subgroup matrix 16×16×16`. */
export function summarize(adapter: AdapterDescription): string {
  const named = [adapter.vendor, adapter.architecture].filter((name) => name !== "").join(" ");
  const device = adapter.device !== "" ? adapter.device : named !== "" ? named : "an unnamed GPU";
  const driver = adapter.driver === "" ? "" : ` (${adapter.driver})`;
  const parts = [subgroupsOf(adapter), adapter.shaderF16 ? "f16" : `no f16 (${adapter.f16Missing})`, ...matricesOf(adapter)];
  if (adapter.isSoftware) parts.push("computed by the CPU");
  return `webgpu on ${device}${driver}: ${parts.join(", ")}`;
}

function subgroupsOf({ subgroups }: AdapterDescription): string {
  if (subgroups === undefined) return "no subgroups";
  const { min, max } = subgroups;
  return min === max ? `subgroups of ${min}` : `subgroups of ${min} to ${max}`;
}

function matricesOf({ subgroupMatrices }: AdapterDescription): string[] {
  const shapes = new Set(subgroupMatrices.map(({ M, N, K }) => `${M}×${N}×${K}`));
  return shapes.size === 0 ? [] : [`subgroup matrix ${[...shapes].join(" ")}`];
}
