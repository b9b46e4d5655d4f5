/** Opens a GPU through WebGPU, in Node and in a browser. */

import { RunError } from "../errors.js";
import { type AdapterDescription, describe, summarize } from "./description.js";
import { requestAdapter } from "./gpu.js";

export type { AdapterDescription, SubgroupMatrix } from "./description.js";

/** What a program needs of a device. Without a limit here a device has WebGPU's default, also where the adapter has more. */
export interface Requirements {
  /** Names of WebGPU's features, such as `shader-f16`. */
  readonly features: readonly string[];
  /** By WebGPU's names; sizes in bytes. */
  readonly limits: Readonly<Record<string, number>>;
}

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** One line for users: the GPU, its driver and what it offers. */
  describe(): string;
  /** Fulfilled, never rejected, with the reason in words, once the device computes no more; also after `device.destroy()`. */
  readonly lost: Promise<string>;
  /**
   * WebGPU reports errors late and to nobody: a call that failed returns as if nothing were wrong. To be called after waiting
   * for results, before they are believed.
   *
   * @throws {RunError} when the device was lost, or reported an error that no error scope caught.
   */
  throwIfFailed(): void;
}

/**
 * The adapter that `openDevice` takes.
 *
 * @throws {RunError} when there is none.
 */
export async function describeAdapter(): Promise<AdapterDescription> {
  return describe(await requestAdapter());
}

/**
 * A device of the fastest GPU, with these features and limits.
 *
 * @throws {RunError} when there is no GPU, or it has not what is required. The message says what is lacking.
 */
export async function openDevice(requirements: Requirements): Promise<OpenDevice> {
  const gpuAdapter = await requestAdapter();
  const adapter = describe(gpuAdapter);
  const lacking = [...lackingFeatures(gpuAdapter, adapter, requirements), ...lackingLimits(gpuAdapter, requirements)];
  if (lacking.length > 0) {
    throw new RunError(`the program does not fit this GPU, ${summarize(adapter)}: ${lacking.join("; ")}`);
  }
  const device = await gpuAdapter
    .requestDevice({ requiredFeatures: requirements.features as GPUFeatureName[], requiredLimits: { ...requirements.limits } })
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new RunError(`the GPU, ${summarize(adapter)}, does not open: ${why}`, { cause: error });
    });

  let failure: string | undefined;
  device.addEventListener("uncapturederror", (event) => {
    // `throwIfFailed` tells it, so that nobody needs to print it.
    event.preventDefault();
    // The first is the cause; what follows are often its consequences.
    failure ??= `the GPU reported an error: ${event.error.message}`;
  });
  const lost = device.lost.then(({ reason, message }) => {
    const why = reason === "destroyed" ? "it was closed" : message;
    failure ??= `the GPU was lost: ${why}`;
    return why;
  });
  return {
    device,
    adapter,
    describe: () => summarize(adapter),
    lost,
    throwIfFailed() {
      if (failure !== undefined) throw new RunError(failure);
    },
  };
}

function lackingFeatures(gpuAdapter: GPUAdapter, adapter: AdapterDescription, { features }: Requirements): string[] {
  return features
    .filter((feature) => !gpuAdapter.features.has(feature))
    .map((feature) => {
      const why = feature === "shader-f16" && adapter.f16Missing !== undefined ? `: ${adapter.f16Missing}` : "";
      return `it needs the WebGPU feature \`${feature}\`, which is not available${why}`;
    });
}

function lackingLimits(gpuAdapter: GPUAdapter, { limits }: Requirements): string[] {
  return Object.entries(limits).flatMap(([name, needed]) => {
    const available = (gpuAdapter.limits as unknown as Readonly<Record<string, number | undefined>>)[name];
    if (available === undefined) return `it needs the limit \`${name}\`, which this version of WebGPU does not have`;
    // An alignment is better when it is smaller; every other limit is better when it is larger.
    const met = name.startsWith("min") ? available <= needed : available >= needed;
    return met ? [] : `it needs \`${name}\` ${needed}, and ${available} is available`;
  });
}
