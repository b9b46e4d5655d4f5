/** A run of training in a page. It draws nothing: whoever shows it reads its fields. */

import { type Batches, makeBatches } from "../batches.js";
import type { Checkpoint, RunState } from "../checkpoint.js";
import { DataError } from "../data/error.js";
import { RunError, TrainingFault } from "../errors.js";
import { TrainingLoop } from "../loop.js";
import type { MeasureTaker } from "../measuring.js";
import type { EvaluationMetrics, MeasureMetrics, Metrics, StepMetrics } from "../metrics.js";
import { encodeSafetensors } from "../safetensors-bytes.js";
import type { Engine, Manifest } from "../trainer.js";
import { weightsOf } from "../weights.js";
import { loadData } from "./data.js";
import type { Device, OpenEngine } from "./device.js";
import { loadedBytes, type StoredData } from "./stored.js";

/** What the run is at, with what there is to say of it. */
export type Phase =
  | { readonly kind: "ready" | "training" | "stopping" | "paused" | "finished" }
  | { readonly kind: "preparing"; readonly what: "data" | "kernels"; readonly done: number; readonly total: number }
  | { readonly kind: "failed"; readonly message: string; readonly canGoOn: boolean };

/** A training step's metrics, with the loss smoothed over about the last 20 steps. */
export type StepLine = StepMetrics & { readonly smoothed: number };

/** Seconds between checkpoints within an epoch. */
const checkpointEvery = 30;

const beginning: RunState = { step: 0, evaluatedAt: 0, loss: null, measures: {}, measuredAt: 0, measured: {}, seconds: 0 };

export class Run {
  phase: Phase = { kind: "ready" };
  /** The last step's, whether it got a line or not. */
  rate = NaN;
  /** At most 10,000 over the run. */
  readonly lines: StepLine[] = [];
  readonly evaluations: EvaluationMetrics[] = [];
  readonly measurements: MeasureMetrics[] = [];

  private data: Batches | undefined;
  private open: OpenEngine | undefined;
  private loop: TrainingLoop | undefined;
  /** What the run goes on from: made now and then, and whenever it pauses. It outlives the device. */
  private checkpoint: Pick<Checkpoint, "state" | "values"> | undefined;
  private stop = new AbortController();
  private underWay: Promise<void> | undefined;

  /** @param onChange is called after every change of what a run shows. */
  constructor(
    readonly manifest: Manifest,
    private readonly stored: StoredData,
    private readonly device: Device,
    private readonly onChange: () => void,
  ) {}

  get state(): RunState {
    return this.loop?.state ?? beginning;
  }

  get stepsPerEpoch(): number {
    return Math.floor(this.stored.training.count / this.manifest.batch);
  }

  /** Of the whole run. */
  get steps(): number {
    return this.manifest.steps ?? (this.manifest.epochs ?? 0) * this.stepsPerEpoch;
  }

  /** The step that can be saved when training does not go on; undefined when there is none. */
  get keptStep(): number | undefined {
    return this.checkpoint?.state.step;
  }

  /** Bytes of the device's memory that are taken; undefined while there is no engine. */
  get heldBytes(): number | undefined {
    return this.open?.engine.memory().bytes;
  }

  /** Begins or goes on from the last checkpoint. Fulfilled, never rejected, when training has paused, ended or failed. */
  start(): Promise<void> {
    this.underWay ??= this.train()
      .catch((error: unknown) => this.fail(error))
      .finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  /** Stops once the steps under way are done. Fulfilled when nothing is computed any more. */
  async pause(): Promise<void> {
    if (this.phase.kind === "training") this.become({ kind: "stopping" });
    this.stop.abort();
    await this.underWay;
  }

  /** The parts of a safetensors file of the present weights, and their step. Holds training up while they are read. */
  async weights(): Promise<{ readonly parts: readonly Uint8Array[]; readonly step: number } | undefined> {
    const isTraining = this.phase.kind === "training";
    if (isTraining) await this.pause();
    const { checkpoint } = this;
    // What failed or ended meanwhile stays so.
    if (isTraining && this.phase.kind === "paused") void this.start();
    if (checkpoint === undefined) return undefined;
    const { step } = checkpoint.state;
    return { parts: encodeSafetensors(weightsOf(this.manifest, step, checkpoint.values)), step };
  }

  private async train(): Promise<void> {
    this.stop = new AbortController();
    const { manifest, stop } = this;
    const data = (this.data ??= await this.load());
    const { engine } = (this.open ??= await this.openEngine());
    const state = this.checkpoint?.state ?? beginning;
    this.forgetAfter(state);
    this.loop = new TrainingLoop(
      {
        engine,
        data,
        steps: this.steps,
        batch: manifest.batch,
        checkpointEvery: { seconds: checkpointEvery },
        signal: stop.signal,
        now: () => performance.now() / 1000,
        progress: { step: ({ rate }) => this.advance(rate), evaluation: () => undefined, measurement: () => undefined, end: () => undefined },
        measures: await this.measuresOn(engine, data),
        log: { append: (metrics) => this.append(metrics), flush: () => undefined },
        save: async (reached) => {
          this.checkpoint = { state: reached, values: await engine.read() };
        },
        describeKept: (step) => (step > 0 ? `The weights after step ${step} are kept and can be saved.` : "No weights were kept yet."),
      },
      state,
    );
    this.become({ kind: "training" });
    if (await this.loop.run()) {
      this.release();
      this.become({ kind: "finished" });
    } else {
      this.become({ kind: "paused" });
    }
  }

  private async load(): Promise<Batches> {
    const total = loadedBytes(this.stored);
    let done = 0;
    const onBytes = (count: number) => this.become({ kind: "preparing", what: "data", done: (done += count), total });
    onBytes(0);
    return makeBatches(await loadData(this.stored, this.manifest, onBytes), this.manifest);
  }

  /** An engine with the values to go on from. */
  private async openEngine(): Promise<OpenEngine> {
    const onProgress = (done: number, total: number) => this.become({ kind: "preparing", what: "kernels", done, total });
    onProgress(0, 1);
    const open = await this.device.open(this.manifest, onProgress);
    try {
      await (this.checkpoint === undefined ? open.engine.initialise() : open.engine.write(this.checkpoint.values));
      return open;
    } catch (error) {
      open.close();
      throw error;
    }
  }

  private advance(rate: number): void {
    this.rate = rate;
    this.onChange();
  }

  /** What only measures need is loaded only where there are some. */
  private async measuresOn(engine: Engine, data: Batches): Promise<MeasureTaker | undefined> {
    const { manifest, steps } = this;
    return manifest.measures === undefined ? undefined : (await import("../measures.js")).measuresOf(manifest, engine, data, steps);
  }

  private append(metrics: Metrics): void {
    if (isEvaluation(metrics)) this.evaluations.push(metrics);
    else if (isMeasures(metrics)) this.measurements.push(metrics);
    else this.lines.push({ ...metrics, smoothed: this.state.loss ?? metrics.loss });
    this.onChange();
  }

  /** Steps after a checkpoint will be done again. */
  private forgetAfter({ step, evaluatedAt, measuredAt }: RunState): void {
    while ((this.measurements.at(-1)?.step ?? 0) > measuredAt) this.measurements.pop();
    while ((this.lines.at(-1)?.step ?? 0) > step) this.lines.pop();
    while ((this.evaluations.at(-1)?.step ?? 0) > evaluatedAt) this.evaluations.pop();
  }

  private fail(error: unknown): void {
    this.release();
    const isKnown = error instanceof RunError || error instanceof DataError;
    if (!isKnown) console.error(error);
    const message = isKnown ? error.message : `Internal error, please report it: ${error instanceof Error ? error.message : String(error)}`;
    // A step that is not finite would be so again.
    this.become({ kind: "failed", message, canGoOn: isKnown && !(error instanceof TrainingFault) });
  }

  private release(): void {
    this.open?.close();
    this.open = undefined;
  }

  private become(phase: Phase): void {
    this.phase = phase;
    this.onChange();
  }
}

function isEvaluation(metrics: Metrics): metrics is EvaluationMetrics {
  return "held_out" in metrics && typeof metrics.held_out === "object";
}

function isMeasures(metrics: Metrics): metrics is MeasureMetrics {
  return "measures" in metrics && typeof metrics.measures === "object";
}
