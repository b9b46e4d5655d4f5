/** Waiting for a GPU that may fail: what is waited for is then refused with the reason in words. */

import { checkpointIsIntact, RunError } from "../errors.js";
import type { OpenDevice } from "./adapter.js";

/** Milliseconds in which the reason of a loss comes, after what the loss broke. */
const grace = 50;

export class Watch {
  /** Refuses each of the promises that are waited for. */
  private readonly waiting = new Set<(error: unknown) => void>();

  constructor(private readonly open: OpenDevice) {
    void open.lost.then((why) => {
      // A device that is gone settles nothing any more.
      for (const refuse of this.waiting) refuse(this.failure() ?? new RunError(`the GPU was lost: ${why}`));
    });
  }

  /** @throws RunError when the device was lost, or reported an error that nobody else was told. */
  check(): void {
    const failure = this.failure();
    if (failure !== undefined) throw failure;
  }

  /** What the device gives. @throws RunError when it fails first, or failed meanwhile in something else. */
  async wait<T>(result: Promise<T>): Promise<T> {
    const told = result.catch((cause: unknown) => this.refused(cause));
    const value = await new Promise<T>((resolve, reject) => {
      this.waiting.add(reject);
      void told.then(resolve, reject).finally(() => this.waiting.delete(reject));
      const failure = this.failure();
      if (failure !== undefined) reject(failure);
    });
    this.check();
    return value;
  }

  /**
   * Makes things on the device, and waits until it is known whether it could.
   * @param explain makes a message of what the device says when it could not.
   * @throws RunError
   */
  async made<T>(make: () => T, explain: (why: string) => string): Promise<T> {
    const { device } = this.open;
    this.check();
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const result = make();
    const scopes = [device.popErrorScope(), device.popErrorScope()];
    const error = (await this.wait(Promise.all(scopes))).find((found) => found !== null);
    if (error !== undefined && error !== null) throw new RunError(explain(firstLine(error)));
    return result;
  }

  private async refused(cause: unknown): Promise<never> {
    await new Promise((resolve) => void setTimeout(resolve, grace));
    this.check();
    throw cause instanceof RunError ? cause : new RunError(`the GPU gave no result: ${firstLine(cause)}`, { cause });
  }

  private failure(): RunError | undefined {
    try {
      this.open.throwIfFailed();
      return undefined;
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      return new RunError(`${error.message}. ${checkpointIsIntact}`, { cause: error });
    }
  }
}

/** The first line of what was thrown; the others are about WebGPU's own calls. */
export function firstLine(error: unknown): string {
  const message = typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
  return message.split("\n")[0]!.replace(/\.$/, "");
}
