/** What the kernels are planned for. */

import type { Matrix } from "./program.js";

/** A device as the planning sees it. Every limit is one that a dispatch or a buffer must keep. */
export interface Device {
  /** Buffers that one dispatch may bind. */
  readonly maxBuffers: number;
  /** Bytes of one bound range. */
  readonly maxBinding: number;
  /** Bytes of one buffer. */
  readonly maxBuffer: number;
  /** Bytes of memory that the threads of one group share. */
  readonly sharedBytes: number;
  /** Threads of one group. */
  readonly maxThreads: number;
  /** Groups along one dimension of a dispatch. */
  readonly maxGroups: number;
  /** Bytes to which bound ranges are aligned. */
  readonly alignment: number;
  /** How many threads it takes to keep the device busy. */
  readonly parallelism: number;
  /** Whether threads of a group gain by working on one row together; on a processor they do not. */
  readonly cooperates: boolean;
  /** Whether a thread gains by doing several pieces one after the other, part by part, before the next part. */
  readonly takesTurns: boolean;
  /** Threads that compute in step and can sum without shared memory; 1 where that is not to be used. */
  readonly subgroup: number;
  /** Whether tensors may be stored in 16 bits. */
  readonly half: boolean;
  /** The matrices of 16 bits, summed in 32, that a subgroup multiplies at once. */
  readonly matrix?: Matrix;
}

/** What every WebGPU device can do. */
export const portable: Device = {
  maxBuffers: 8,
  maxBinding: 128 * 2 ** 20,
  maxBuffer: 256 * 2 ** 20,
  sharedBytes: 16 * 2 ** 10,
  maxThreads: 256,
  maxGroups: 65_535,
  alignment: 256,
  parallelism: 16_384,
  cooperates: true,
  takesTurns: false,
  subgroup: 1,
  half: false,
};
