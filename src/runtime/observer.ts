/** Who watches a run: logs for other tools. Nothing that they do, or fail to do, changes or stops the run. */

import type { Metrics } from "./metrics.js";
import type { Manifest } from "./trainer.js";

/** What there is to know when a session of a run begins. */
export interface RunStart {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly device: string;
  /** The whole run's training steps. */
  readonly steps: number;
  /** Steps that were done before this session. */
  readonly step: number;
  /** Seconds of training and evaluation before this session. */
  readonly seconds: number;
  /** The lines of `metrics.jsonl` from before this session that stand; steps after them are done again. */
  readonly kept: readonly Metrics[];
}

export type RunEnding = { readonly kind: "finished" | "interrupted" } | { readonly kind: "failed"; readonly message: string };

export interface RunObserver {
  /** For messages, such as `TensorBoard`. */
  readonly name: string;
  /** @param tell says something to the user, who is told of a fault once and not at every line. */
  start(run: RunStart, tell: (message: string) => void): void;
  /** A line that `metrics.jsonl` got, at once; what takes time is done later. */
  line(metrics: Metrics): void;
  /** Writes what is left. When `signal` is aborted, the time for it is over. */
  end(ending: RunEnding, signal: AbortSignal): Promise<void>;
}

/** Seconds that observers have at the end of a run; one that does not listen is left behind a little later. */
const secondsAtEnd = 10;
const grace = 1;

/** The observers of a run. One that throws is told of, and gets nothing more. */
export class Observers {
  private readonly working: Set<RunObserver>;

  constructor(
    observers: readonly RunObserver[],
    private readonly tell: (message: string) => void,
    private readonly limit = secondsAtEnd,
  ) {
    this.working = new Set(observers);
  }

  get areNone(): boolean {
    return this.working.size === 0;
  }

  start(run: RunStart): void {
    this.each((observer) => observer.start(run, (message) => this.tell(`${observer.name}: ${message}`)));
  }

  line(metrics: Metrics): void {
    this.each((observer) => observer.line(metrics));
  }

  /** Fulfilled, never rejected, when all are done or the time is over. */
  async end(ending: RunEnding): Promise<void> {
    if (this.areNone) return;
    const time = new AbortController();
    const abort = setTimeout(() => time.abort(), this.limit * 1000);
    let leave: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => (leave = setTimeout(() => resolve("late"), (this.limit + grace) * 1000)));
    const endings = [...this.working].map(async (observer) => {
      try {
        if ((await Promise.race([observer.end(ending, time.signal), late])) === "late") this.drop(observer, "it does not end");
      } catch (error) {
        this.drop(observer, error);
      }
    });
    await Promise.all(endings);
    clearTimeout(abort);
    clearTimeout(leave);
  }

  private each(action: (observer: RunObserver) => void): void {
    for (const observer of this.working) {
      try {
        action(observer);
      } catch (error) {
        this.drop(observer, error);
      }
    }
  }

  private drop(observer: RunObserver, why: unknown): void {
    this.working.delete(observer);
    this.tell(`${observer.name}: ${why instanceof Error ? why.message : String(why)}; nothing more is logged there`);
  }
}
