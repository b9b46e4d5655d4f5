/** A run on an MLflow server. The server may be away for a while, or for good: the run goes on, and what was held back is sent later. */

import { setTimeout as sleep } from "node:timers/promises";
import { SaveError } from "../../errors.js";
import type { Metrics } from "../../metrics.js";
import type { RunEnding, RunObserver, RunStart } from "../../observer.js";
import type { RunIdentity } from "../identity.js";
import { hyperparameters, scalarsOf, timedLines } from "../values.js";
import type { MlflowAddress } from "./address.js";
import { MlflowClient, MlflowError } from "./client.js";
import { Names, parameterValue, tagValue } from "./names.js";
import { newNote, readNote, writeNote, type Note } from "./note.js";
import { MlflowRuns, type Field, type Held, type Metric, type Status } from "./run.js";

/** Milliseconds between sendings; and after a failure, doubled from one to the next. */
const sendEvery = 1000;
const longestPause = 60_000;
/** Milliseconds for which nothing must change before calls without an answer, a killed session's among them, count as done or lost. */
const usualSettling = 5000;
/** Milliseconds between attempts when the run is over, doubled likewise. */
const firstPauseAtEnd = 250;

const statuses = { finished: "FINISHED", interrupted: "KILLED", failed: "FAILED" } as const satisfies Record<RunEnding["kind"], Status>;

export class MlflowObserver implements RunObserver {
  readonly name = "MLflow";
  private readonly over = new AbortController();
  private readonly runs: MlflowRuns;
  private readonly metricNames = new Names();
  /** What the server has not got, oldest first: each key's steps grow. A run's lines are few enough to be held. */
  private queue: Metric[] = [];
  private session: RunStart | undefined;
  private started = Date.now();
  private tell: (message: string) => void = () => undefined;
  private isTold = false;
  /** Set when the server refuses for good. */
  private isRefused = false;
  private note: Note | undefined;
  /** What the server has; undefined until it is asked, and after a failure, which may have been one of the answer only. */
  private held: Held | undefined;
  /** Whether the run was found or made in this session. */
  private isOpened = false;
  private timer: NodeJS.Timeout | undefined;
  private pause = sendEvery;
  private sending: Promise<void> | undefined;

  private readonly settling: number;

  /** @param times in milliseconds, for tests: until a call is given up, and for which a run must stay as it is. */
  constructor(
    private readonly address: MlflowAddress,
    private readonly identity: RunIdentity,
    { timeout, settling = usualSettling }: { readonly timeout?: number; readonly settling?: number } = {},
  ) {
    this.settling = settling;
    this.runs = new MlflowRuns(new MlflowClient(address, timeout), this.over.signal);
  }

  /** Goes on with the run that `mlflow.json` in the folder names, if the server still has it; else begins one. */
  start(run: RunStart, tell: (message: string) => void): void {
    this.session = run;
    this.tell = tell;
    this.started = Date.now();
    this.note = readNote(run.folder, this.address.url);
    for (const { metrics, time } of timedLines(run, this.started)) this.add(metrics, time);
    this.schedule(0);
  }

  line(metrics: Metrics): void {
    if (this.isRefused) return;
    this.add(metrics, Date.now());
    this.schedule(this.pause);
  }

  async end(ending: RunEnding, signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.over.abort(), { once: true });
    if (signal.aborted) this.over.abort();
    clearTimeout(this.timer);
    await this.sending;
    let reason: string | undefined;
    for (let pause = firstPauseAtEnd; !this.isRefused; pause *= 2) {
      try {
        await this.send();
        await this.finish(ending);
        return;
      } catch (error) {
        this.held = undefined;
        if (!(error instanceof MlflowError) || !error.mayPass) throw error;
        // The last call was cut off; those before it say why.
        if (!signal.aborted || reason === undefined) reason = error.message;
        if (signal.aborted) throw new Error(`${reason}; the run is not complete there (going on with --resume completes it)`, { cause: error });
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private add(metrics: Metrics, timestamp: number): void {
    for (const { name, value } of scalarsOf(metrics)) this.queue.push({ key: this.metricNames.of(name), value, timestamp, step: metrics.step });
  }

  private schedule(milliseconds: number): void {
    if (this.isRefused || this.sending !== undefined) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.sending = this.attempt().finally(() => {
        this.sending = undefined;
        if (this.queue.length > 0) this.schedule(this.pause);
      });
    }, milliseconds).unref();
  }

  /** Sends what there is. Never rejected. */
  private async attempt(): Promise<void> {
    try {
      await this.send();
      this.pause = sendEvery;
    } catch (error) {
      this.held = undefined;
      this.pause = Math.min(this.pause * 2, longestPause);
      this.isRefused = !(error instanceof MlflowError && error.mayPass);
      const consequence = this.isRefused ? "nothing more is logged there" : "the run goes on, and it is tried again";
      if ((!this.isTold || this.isRefused) && !this.over.signal.aborted) this.tell(`${error instanceof Error ? error.message : String(error)}; ${consequence}`);
      this.isTold = true;
    }
  }

  /** @throws MlflowError */
  private async send(): Promise<void> {
    this.held ??= await this.open();
    while (this.queue.length > 0) {
      const sent = await this.runs.logFirst(this.held.id, this.queue);
      this.queue.splice(0, sent);
    }
  }

  /**
   * The run, with its parameters; what it has of the queue leaves that, lest it stand there twice. What this session sent, and the
   * server does after all while it is sent again, has the same times and stands there once.
   */
  private async open(): Promise<Held> {
    const { step, steps } = this.session!;
    const id = this.note?.run_id;
    const found = id === undefined ? undefined : await this.runs.find(id);
    const known = found?.status === "RUNNING" && !this.isOpened ? await this.settled(found) : found;
    if (known === undefined && this.isOpened) throw new MlflowError(`${this.address.url} has the run no more`, undefined, false);
    const run = known ?? (await this.create());
    await this.runs.logParameters(run.id, this.parameters().filter(({ key }) => !run.parameters.has(key)));
    const goesOn = run.status !== "RUNNING" && step < steps;
    if (goesOn) await this.runs.setStatus(run.id, "RUNNING");
    this.queue = this.queue.filter((metric) => metric.step > (run.steps.get(metric.key) ?? -1));
    this.isOpened = true;
    return goesOn ? { ...run, status: "RUNNING" } : run;
  }

  /** The run when it has stayed as it is for a while, in which the training goes on. */
  private async settled(before: Held): Promise<Held | undefined> {
    await this.settle();
    const now = await this.runs.find(before.id);
    const isSame = now === undefined || [...now.steps].every(([key, step]) => before.steps.get(key) === step);
    return isSame ? now : this.settled(now);
  }

  private async settle(): Promise<void> {
    await sleep(this.settling, undefined, { signal: this.over.signal }).catch(() => undefined);
  }

  /** A new run; or one that was made, and whose id was not learned. */
  private async create(): Promise<Held> {
    const { session, identity } = this;
    const experiment = await this.runs.experiment(identity.experiment, () => this.tell(`the experiment ${identity.experiment} had been deleted there, and is restored`));
    let made: Held | undefined;
    if (this.note === undefined || this.note.run_id !== undefined) await this.save(newNote(this.address.url));
    else made = await this.foundByKey(experiment, this.note.key);
    const { key } = this.note!;
    made ??= await this.runs.create(experiment, identity.run, key, this.started, tagsOf(session!));
    await this.save({ ...this.note!, run_id: made.id });
    return made;
  }

  private async foundByKey(experiment: string, key: string): Promise<Held | undefined> {
    const found = await this.runs.findByKey(experiment, key);
    if (found !== undefined) return found;
    await this.settle();
    return this.runs.findByKey(experiment, key);
  }

  private async save(note: Note): Promise<void> {
    this.note = note;
    try {
      await writeNote(this.session!.folder, note);
    } catch (error) {
      if (!(error instanceof SaveError)) throw error;
      this.tell(`${error.message}; a resume would begin another run there`);
    }
  }

  private parameters(): Field[] {
    const names = new Names();
    return [...hyperparameters(this.session!, this.identity)].map(([key, value]) => ({ key: names.of(key), value: parameterValue(value) }));
  }

  private async finish(ending: RunEnding): Promise<void> {
    const { id, status } = this.held!;
    if (ending.kind === "failed") await this.runs.tag(id, { key: "norm.error", value: tagValue(ending.message) });
    if (status !== statuses[ending.kind]) await this.runs.setStatus(id, statuses[ending.kind]);
  }
}

function tagsOf({ manifest }: RunStart): Field[] {
  const note = [`${manifest.name} of ${manifest.spec}`, "", ...manifest.recipe.split("\n").map((line) => `    ${line}`)];
  const tags = { "mlflow.source.name": manifest.spec, "mlflow.source.type": "LOCAL", "mlflow.note.content": note.join("\n") };
  return Object.entries(tags).map(([key, value]) => ({ key, value: tagValue(value) }));
}
