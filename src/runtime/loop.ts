/** The training loop: step after step, as far ahead as the engine wants, with evaluations and checkpoints between them. */

import type { Batches } from "./batches.js";
import type { RunState } from "./checkpoint.js";
import { RunError, TrainingFault } from "./errors.js";
import type { MeasureTaker } from "./measuring.js";
import type { MetricsLog } from "./metrics.js";
import { nextTurn } from "./next-turn.js";
import type { Progress } from "./progress.js";
import type { Batch, Engine, StepResult } from "./trainer.js";

/** When checkpoints are due between the ends of epochs: after so many steps, or so many seconds, since the last one. */
export type CheckpointInterval = { readonly steps: number } | { readonly seconds: number };

export interface LoopOptions {
  readonly engine: Engine;
  readonly data: Batches;
  readonly log: Pick<MetricsLog, "append" | "flush">;
  readonly progress: Pick<Progress, "step" | "evaluation" | "measurement" | "end">;
  /** Left out: there are none. */
  readonly measures?: MeasureTaker | undefined;
  /** The whole run's steps. */
  readonly steps: number;
  /** Examples per batch. */
  readonly batch: number;
  readonly checkpointEvery: CheckpointInterval;
  readonly signal: AbortSignal | undefined;
  /** Seconds on a clock that never goes back. */
  readonly now: () => number;
  /** Writes a checkpoint. */
  readonly save: (state: RunState) => Promise<void>;
  /** Says, for the message of a fault, which checkpoint there is. */
  readonly describeKept: (savedStep: number) => string;
}

/** A step that was submitted and whose result was not looked at yet. */
interface Submitted {
  readonly step: number;
  readonly batch: Batch;
  readonly result: Promise<StepResult>;
}

/** Lines in the metrics for training steps over a run, at most. */
const metricsLines = 10_000;
/** Seconds between the checkpoints of very short epochs. */
const shortEpoch = 1;

export class TrainingLoop {
  private savedStep: number;
  private savedAt: number;
  /** The latest lines of the metrics, oldest first: as many as an engine may give results at once. */
  private readonly logged: { readonly step: number; readonly at: number }[];
  /** The steps under way, in their order. */
  private readonly underWay: Submitted[] = [];
  private readonly startedAt: number;
  private readonly secondsBefore: number;

  constructor(
    private readonly options: LoopOptions,
    /** What the run has reached. */
    public state: RunState,
  ) {
    this.startedAt = this.savedAt = options.now();
    this.savedStep = state.step;
    this.logged = [{ step: state.step, at: this.startedAt }];
    this.secondsBefore = state.seconds;
  }

  /**
   * Trains until the end, or until the signal is aborted: the steps under way are then finished, and an evaluation given
   * up, to be made when the run goes on. Whatever is reached in the end is saved. Returns whether the run is complete.
   * Throws `TrainingFault` when a step is not finite, `SaveError` when something cannot be written, and what the engine
   * throws; no step is under way any more then.
   */
  async run(): Promise<boolean> {
    const { steps, signal, progress } = this.options;
    try {
      while (!signal?.aborted) {
        // Before the evaluation, with which the run may be complete.
        if (this.isMeasuring(this.state.step)) await this.measure();
        if (signal?.aborted) break;
        if (this.isEpochEnd(this.state.step) && this.state.evaluatedAt < this.state.step) await this.evaluate();
        if (this.state.step >= steps || signal?.aborted) break;
        await this.trainEpoch();
      }
    } finally {
      await Promise.allSettled(this.underWay.map(({ result }) => result));
      progress.end();
    }
    await this.save();
    return isComplete(this.state, steps);
  }

  private isEpochEnd(step: number): boolean {
    return step > 0 && (step % this.options.data.stepsPerEpoch === 0 || step >= this.options.steps);
  }

  private isMeasuring(step: number): boolean {
    return this.state.measuredAt < step && this.options.measures?.isDue(step) === true;
  }

  /** Trains to the end of the epoch that the next step belongs to, or of the run; or to the next measures. */
  private async trainEpoch(): Promise<void> {
    const { engine, data, signal } = this.options;
    const epoch = Math.floor(this.state.step / data.stepsPerEpoch);
    for (const batch of data.training(epoch, this.state.step % data.stepsPerEpoch)) {
      const submitted = this.submit(batch);
      while (this.underWay.length > (engine.ahead ?? 0)) await this.settle();
      const pauses = this.isEpochEnd(submitted) || this.isMeasuring(submitted);
      if (!pauses && this.isCheckpointDue(submitted)) {
        await this.drain();
        await this.save();
      }
      // Engines may compute without ever giving way; signals are only seen here.
      await nextTurn();
      if (signal?.aborted || pauses) return this.drain();
    }
    await this.drain();
    throw new RunError(`the data ended after ${this.state.step} steps, within epoch ${epoch + 1}`);
  }

  /** Starts the next step; gives how many were started by then. */
  private submit(batch: Batch): number {
    const { engine, steps } = this.options;
    const step = this.state.step + this.underWay.length;
    const result = engine.step(batch, step, steps);
    // It is awaited later; a failure must not count as unhandled until then.
    result.catch(() => undefined);
    this.underWay.push({ step, batch, result });
    return step + 1;
  }

  /** Waits for the oldest step under way, and records it. */
  private async settle(): Promise<void> {
    const { step, batch, result } = this.underWay[0]!;
    const outcome = await result;
    if (!outcome.finite) await this.fail(step, batch);
    this.underWay.shift();
    this.record(outcome);
  }

  /** Waits for all steps under way: the engine's values are then those of the run's state. */
  private async drain(): Promise<void> {
    while (this.underWay.length > 0) await this.settle();
  }

  private async fail(step: number, batch: Batch): Promise<never> {
    const { engine, steps, describeKept } = this.options;
    await Promise.allSettled(this.underWay.map(({ result }) => result));
    const fault = await engine.locate(batch, step, steps);
    throw new TrainingFault(fault, step, describeKept(this.savedStep));
  }

  private record({ loss, rate, reports }: StepResult): void {
    const { engine, data, log, progress, steps, batch, now } = this.options;
    const elapsed = now() - this.startedAt;
    const step = this.state.step + 1;
    // The mean of the first steps, then a window of about the last 20 that fades out.
    const before = this.state.loss ?? loss;
    const smoothed = before + (loss - before) * Math.max(1 / step, 0.05);
    this.state = { ...this.state, step, loss: smoothed, seconds: this.secondsBefore + elapsed };
    progress.step({ step, loss: smoothed, rate, elapsed });
    if (step % Math.ceil(steps / metricsLines) === 0 || step === steps) {
      const at = now();
      const since = this.logged[0]!;
      log.append({
        step,
        epoch: Math.ceil(step / data.stepsPerEpoch),
        loss,
        rate,
        seconds: this.state.seconds,
        examples_per_second: ((step - since.step) * batch) / (at - since.at),
        ...reports,
      });
      this.logged.push({ step, at });
      while (this.logged.length > 1 + (engine.ahead ?? 0)) this.logged.shift();
    }
  }

  /** Evaluates all held-out examples; does nothing when the signal is aborted meanwhile. */
  private async evaluate(): Promise<void> {
    const { engine, data, log, progress, signal, steps, now } = this.options;
    const sums = new Map<string, number>();
    let examples = 0;
    for (const batch of data.heldOut()) {
      for (const [name, value] of Object.entries(await engine.evaluate(batch))) {
        sums.set(name, (sums.get(name) ?? 0) + value * batch.valid);
      }
      examples += batch.valid;
      await nextTurn();
      if (signal?.aborted) return;
    }
    const { step } = this.state;
    let { measures } = this.state;
    if (examples > 0) {
      measures = Object.fromEntries([...sums].map(([name, sum]) => [name, finiteOrNull(sum / examples)]));
      log.append({ step, epoch: Math.ceil(step / data.stepsPerEpoch), held_out: measures });
      progress.evaluation(step, measures);
    }
    const seconds = this.secondsBefore + now() - this.startedAt;
    this.state = { ...this.state, evaluatedAt: step, measures, seconds };
    if (step < steps && this.isCheckpointDue(step)) await this.save();
  }

  /** Takes the measures that are due; does nothing when the signal is aborted meanwhile. */
  private async measure(): Promise<void> {
    const { data, log, progress, measures, signal, now, steps } = this.options;
    const { step } = this.state;
    const values = await measures!.take(step, signal);
    if (values === undefined) return;
    log.append({ step, epoch: Math.ceil(step / data.stepsPerEpoch), measures: values });
    progress.measurement(step, values);
    const seconds = this.secondsBefore + now() - this.startedAt;
    this.state = { ...this.state, measuredAt: step, measured: { ...this.state.measured, ...values }, seconds };
    if (step < steps && !this.isEpochEnd(step) && this.isCheckpointDue(step)) await this.save();
  }

  private isCheckpointDue(step: number): boolean {
    const { checkpointEvery: interval, now } = this.options;
    const seconds = now() - this.savedAt;
    if (this.isEpochEnd(step) && seconds >= shortEpoch) return true;
    return "steps" in interval ? step - this.savedStep >= interval.steps : seconds >= interval.seconds;
  }

  private async save(): Promise<void> {
    this.options.log.flush();
    await this.options.save(this.state);
    this.savedStep = this.state.step;
    this.savedAt = this.options.now();
  }
}

/** Whether all `steps` are done and the held-out examples evaluated after them. */
export function isComplete(state: RunState, steps: number): boolean {
  return state.step >= steps && state.evaluatedAt >= state.step;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
