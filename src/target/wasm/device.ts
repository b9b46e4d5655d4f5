/** What kernels for WebAssembly are planned for. */

import type { Device } from "../../kernel/device.js";

/** Bytes that 32-bit addresses reach. */
const addressable = 2 ** 32;

/**
 * A processor: a few threads with one memory, in which a kernel may touch whatever it wants. It is the same for every number of
 * threads, so that the number changes no result.
 */
export const processor: Device = {
  maxBuffers: Number.MAX_SAFE_INTEGER,
  maxBinding: addressable,
  maxBuffer: addressable,
  sharedBytes: 2 ** 16,
  maxThreads: 1,
  maxGroups: Number.MAX_SAFE_INTEGER,
  alignment: 256,
  parallelism: 16,
  cooperates: false,
  subgroup: 1,
  half: false,
};
