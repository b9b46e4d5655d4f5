/**
 * Reads the results of runs without holding the next runs up. Each run's results are copied into a page of memory that the
 * host can read; the host waits for one page after another. While it waits for one, the results of further runs gather in the
 * next: so many small results cost few waits, and the first one comes at once.
 */

import { createBuffer } from "./buffers.js";
import type { Watch } from "./watch.js";

/** Runs whose results a page holds. */
const perPage = 16;
/** One that is waited for by itself, two that are full, and one to write into. */
const pageCount = 4;
/** Runs that may be submitted before the results of the first are awaited. */
export const mostAhead = 2 * perPage;

interface Page {
  readonly buffer: GPUBuffer;
  waiting: Waiting[];
}
interface Waiting {
  readonly resolve: (results: DataView) => void;
  readonly reject: (error: unknown) => void;
  /** In milliseconds on a clock that never goes back. */
  readonly submitted: number;
}

export class Readback {
  private readonly free: Page[] = [];
  private current: Page | undefined;
  private awaited = 0;
  private deliveredAt = -Infinity;
  /** How long a run took of late; unknown before the first. */
  millisecondsPerRun: number | undefined;

  private constructor(
    private readonly device: GPUDevice,
    private readonly watch: Watch,
    private readonly source: GPUBuffer,
    private readonly bytes: number,
    private readonly pages: readonly GPUBuffer[],
  ) {
    this.free.push(...pages.map((buffer) => ({ buffer, waiting: [] })));
  }

  /** @param bytes of `source`, from its start, that a run leaves its results in. */
  static async create(device: GPUDevice, watch: Watch, source: GPUBuffer, bytes: number): Promise<Readback> {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const descriptor = { size: bytes * perPage, usage, label: "results for the host" };
    const pages = Array.from({ length: pageCount }, () => createBuffer(device, watch, descriptor, "results"));
    return new Readback(device, watch, source, bytes, await Promise.all(pages));
  }

  /** Submits a run's commands; gives its results once they are there. At most `mostAhead` + 1 may be waited for at a time. */
  submit(encoder: GPUCommandEncoder): Promise<DataView> {
    this.current ??= this.free.pop();
    const page = this.current;
    if (page === undefined) throw new Error(`more than ${mostAhead} runs were submitted ahead`);
    encoder.copyBufferToBuffer(this.source, 0, page.buffer, page.waiting.length * this.bytes, this.bytes);
    this.device.queue.submit([encoder.finish()]);
    const results = new Promise<DataView>((resolve, reject) => page.waiting.push({ resolve, reject, submitted: performance.now() }));
    if (page.waiting.length === perPage) this.turn();
    // Runs that are submitted in one go share a page.
    else if (this.awaited === 0) queueMicrotask(() => this.turnIfIdle());
    return results;
  }

  /** Bytes and number of the pages. */
  memory(): { bytes: number; buffers: number } {
    return { bytes: this.pages.reduce((sum, { size }) => sum + size, 0), buffers: this.pages.length };
  }

  dispose(): void {
    for (const buffer of this.pages) buffer.destroy();
  }

  private turnIfIdle(): void {
    if (this.awaited === 0 && this.current !== undefined) this.turn();
  }

  private turn(): void {
    const page = this.current!;
    this.current = undefined;
    void this.deliver(page);
  }

  private async deliver(page: Page): Promise<void> {
    const { waiting, buffer } = page;
    this.awaited++;
    try {
      await this.watch.wait(buffer.mapAsync(GPUMapMode.READ, 0, waiting.length * this.bytes));
      const results = buffer.getMappedRange(0, waiting.length * this.bytes).slice(0);
      buffer.unmap();
      page.waiting = [];
      this.free.push(page);
      this.measure(waiting);
      waiting.forEach(({ resolve }, i) => resolve(new DataView(results, i * this.bytes, this.bytes)));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      this.awaited--;
      this.turnIfIdle();
    }
  }

  private measure(runs: readonly Waiting[]): void {
    const now = performance.now();
    const own = (now - Math.max(this.deliveredAt, runs[0]!.submitted)) / runs.length;
    this.millisecondsPerRun = this.millisecondsPerRun === undefined ? own : (this.millisecondsPerRun + own) / 2;
    this.deliveredAt = now;
  }
}
