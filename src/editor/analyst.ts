/** Compiling beside the server: of each document the latest text, what was asked for last comes first. */

import { Worker } from "node:worker_threads";
import type { Job, JobResult } from "./analysis-worker.js";
import { resourceLimits } from "./threads.js";

/** A job of a document. */
export interface Request {
  readonly uri: string;
  readonly job: Job;
}

/** A compilation that a newer text waits for may take so long, in milliseconds, before it is stopped. */
const patience = 10_000;

export class Analyst {
  private worker: Worker | undefined;
  private running: { readonly request: Request; readonly since: number } | undefined;
  /** The latest waiting request of each document. */
  private readonly waiting = new Map<string, Request>();

  /** @param done is told of every job that ended; of those that a newer one replaced it is not. */
  constructor(private readonly done: (request: Request, result: JobResult) => void) {}

  /** Asks for a compilation in place of any that waits for the same document. */
  request(request: Request): void {
    this.waiting.delete(request.uri);
    this.waiting.set(request.uri, request);
    if (this.running?.request.uri === request.uri && performance.now() - this.running.since > patience) this.stop();
    this.next();
  }

  /** Forgets what waits for a document that was closed. */
  forget(uri: string): void {
    this.waiting.delete(uri);
  }

  private next(): void {
    const last = [...this.waiting.values()].at(-1);
    if (this.running !== undefined || last === undefined) return;
    this.waiting.delete(last.uri);
    this.running = { request: last, since: performance.now() };
    this.worker ??= this.start();
    this.worker.postMessage(last.job);
  }

  private start(): Worker {
    const worker = new Worker(new URL("./analysis-worker.js", import.meta.url), { resourceLimits });
    worker.on("message", (result: JobResult) => this.end(worker, result));
    // A thread that is out of memory, say. The next job gets another one.
    worker.on("error", (error) => {
      if (this.worker === worker) this.worker = undefined;
      this.end(worker, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, true);
    });
    // The server ends with its editor, whatever still runs.
    worker.unref();
    return worker;
  }

  private stop(): void {
    void this.worker?.terminate();
    this.worker = undefined;
    this.running = undefined;
  }

  private end(worker: Worker, result: JobResult, isLost = false): void {
    const { running } = this;
    // What comes from a thread that was stopped is not asked for any more.
    if (running === undefined || (this.worker !== worker && !isLost)) return;
    this.running = undefined;
    this.done(running.request, result);
    this.next();
  }
}
