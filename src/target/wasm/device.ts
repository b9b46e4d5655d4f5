/** What kernels for WebAssembly are planned for. */

import type { Device } from "../../kernel/device.js";

/** Bytes that 32-bit addresses reach. */
export const addressable = 2 ** 32;

/**
 * A processor: a few threads with one memory, in which a kernel may touch whatever it wants. It is the same for every number of
 * threads, so that the number changes no result.
 */
export const processor: Device = {
  maxBuffers: Number.MAX_SAFE_INTEGER,
  maxBinding: addressable,
  maxBuffer: addressable,
  // What would be computed twice to save memory traffic is computed once: caches hold it.
  sharedBytes: 0,
  maxThreads: Number.MAX_SAFE_INTEGER,
  maxGroups: Number.MAX_SAFE_INTEGER,
  alignment: 256,
  parallelism: 16,
  cooperates: false,
  takesTurns: true,
  subgroup: 1,
  half: false,
};
