/** The buffers of a plan: made once, and large values moved through them. */

import { formatBytes } from "../format.js";
import type { BufferName, Plan } from "./plan.js";
import type { Watch } from "./watch.js";

export type Buffers = Readonly<Record<BufferName, GPUBuffer>>;

/** Bytes that are moved at once, so that large models need no copy of themselves on the way. */
const mostAtOnce = 64 * 2 ** 20;

/** Bytes of which a buffer has a multiple. */
const granularity = 256;

/** What is in a buffer; the others are arenas. */
const purposes: { readonly [name in BufferName]?: string } = { slots: "parameters and states", inputs: "batches", results: "results" };

/** @throws RunError when the GPU has not as much memory. */
export async function createBuffers(device: GPUDevice, watch: Watch, sizes: Plan["buffers"]): Promise<Buffers> {
  const made = new Map<BufferName, GPUBuffer>();
  for (const name of Object.keys(sizes) as BufferName[]) {
    // Kernels read in fours and more, so that a range that is bound may end a little behind its last tensor.
    const size = Math.ceil(Math.max(1, sizes[name]!) / granularity) * granularity;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    made.set(name, await createBuffer(device, watch, { size, usage, label: name }, purposes[name] ?? "activations and gradients"));
  }
  return Object.fromEntries(made) as Record<BufferName, GPUBuffer>;
}

/** @throws RunError when the GPU has not as much memory. */
export async function createBuffer(device: GPUDevice, watch: Watch, descriptor: GPUBufferDescriptor, purpose: string): Promise<GPUBuffer> {
  return watch.made(
    () => device.createBuffer(descriptor),
    (why) =>
      `the GPU could not give ${formatBytes(descriptor.size)} for ${purpose}: ${why}. ` +
      "Close other programs that use the GPU, or train with a smaller batch or model",
  );
}

/** Moves values between the host and a plan's buffers, in parts where they are large. */
export class Transfer {
  private constructor(
    private readonly device: GPUDevice,
    private readonly watch: Watch,
    readonly staging: GPUBuffer,
  ) {}

  /** @param most bytes of the largest buffer that is read. */
  static async create(device: GPUDevice, watch: Watch, most: number): Promise<Transfer> {
    const size = Math.min(mostAtOnce, Math.max(4, roundedUp(most)));
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return new Transfer(device, watch, await createBuffer(device, watch, { size, usage, label: "staging" }, "reading values back"));
  }

  /**
   * Hands over the bytes of a range, part after part, each with its place in the buffer. The range may be widened to
   * multiples of 4 bytes; `take` must copy what it keeps. Giving true, it ends the reading.
   */
  async read(buffer: GPUBuffer, offset: number, size: number, take: (bytes: ArrayBuffer, at: number) => boolean | void): Promise<void> {
    const start = Math.floor(offset / 4) * 4;
    const end = roundedUp(offset + size);
    for (let at = start; at < end; at += this.staging.size) {
      this.watch.check();
      const length = Math.min(this.staging.size, end - at);
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, at, this.staging, 0, length);
      this.device.queue.submit([encoder.finish()]);
      await this.watch.wait(this.staging.mapAsync(GPUMapMode.READ, 0, length));
      try {
        if (take(this.staging.getMappedRange(0, length), at) === true) return;
      } finally {
        this.staging.unmap();
      }
    }
  }

  /** The bytes are copied before it returns; what is submitted later finds them there. */
  write(buffer: GPUBuffer, offset: number, { buffer: bytes, byteOffset, byteLength }: ArrayBufferView): void {
    for (let at = 0; at < byteLength; at += mostAtOnce) {
      this.device.queue.writeBuffer(buffer, offset + at, bytes, byteOffset + at, Math.min(mostAtOnce, byteLength - at));
    }
  }
}

/** To the next multiple of 4, of which WebGPU moves all. */
export function roundedUp(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
