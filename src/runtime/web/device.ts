/** A device that a page can train on. */

import type { Engine, Manifest } from "../trainer.js";

export interface Device {
  /** One line for people: what computes, and, where that is the CPU, why. */
  readonly description: string;
  /**
   * Loads the kernels, and makes an engine of them.
   * @param onProgress is told how many of how many kernels are compiled.
   * @throws RunError when something does not load, or the device cannot compute it.
   */
  open(manifest: Manifest, onProgress: (done: number, total: number) => void): Promise<OpenEngine>;
}

export interface OpenEngine {
  readonly engine: Engine;
  /** Lets go of the engine, and of the device. */
  close(): void;
}
