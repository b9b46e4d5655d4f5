/** A run as TensorBoard shows it: curves, the recipe as text, and a row among the hyperparameters. */

import type { Metrics } from "../../metrics.js";
import type { RunEnding, RunObserver, RunStart } from "../../observer.js";
import type { RunIdentity } from "../identity.js";
import { hyperparameters, scalarsOf, timedLines } from "../values.js";
import { createEventFile, earlierFiles, type EventFile, forgetFailure } from "./files.js";
import { type Event, sessionEnd, sessionStart, textSummary } from "./messages.js";

/** Milliseconds that events are held back at most. */
const flushEvery = 1000;

export class TensorboardObserver implements RunObserver {
  readonly name = "TensorBoard";
  private folder = "";
  private file: EventFile | undefined;
  private timer: NodeJS.Timeout | undefined;
  private tell: (message: string) => void = () => undefined;
  private isTold = false;

  constructor(private readonly identity: RunIdentity) {}

  /**
   * Begins a file. After a resume it takes back what earlier files say of steps that are done again: to TensorBoard, a second
   * session that starts at a step makes all events from that step on void. Kept lines that are void, or were never written
   * because the process was killed, are written again.
   * @throws SaveError when there can be no file.
   */
  start(run: RunStart, tell: (message: string) => void): void {
    this.tell = tell;
    const now = Date.now();
    this.folder = run.folder;
    forgetFailure(run.folder);
    const earlier = earlierFiles(run.folder);
    const file = createEventFile(run.folder, Math.max(Math.floor(now / 1000), (earlier?.second ?? 0) + 1));
    this.file = file;
    const from = earlier === undefined ? 0 : Math.min(run.step, earlier.lastStep);
    file.add(versionAt(now / 1000));
    // The first session's start makes nothing void; without it, the second's would count as the first.
    file.add({ wall_time: now / 1000, step: from, session_log: { status: "START" } });
    if (from === 0) this.describe(run, file, now / 1000);
    for (const { metrics, time } of timedLines(run, now)) if (metrics.step >= from) this.addLine(metrics, time / 1000);
    this.flush();
  }

  line(metrics: Metrics): void {
    this.addLine(metrics, Date.now() / 1000);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, flushEvery).unref();
  }

  /** A run that was stopped has no ending: it may go on. @throws SaveError when the last events cannot be written. */
  async end(ending: RunEnding): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    clearTimeout(this.timer);
    const now = Date.now() / 1000;
    if (ending.kind === "finished") file.add(endOf("STATUS_SUCCESS", now));
    complete(file);
    if (ending.kind !== "failed") return;
    const failure = createEventFile(this.folder, Math.floor(now), true);
    failure.add(versionAt(now));
    failure.add(endOf("STATUS_FAILURE", now));
    complete(failure);
  }

  private describe(run: RunStart, file: EventFile, time: number): void {
    const parameters = hyperparameters(run, this.identity);
    const value = [textSummary("recipe", description(run, parameters)), sessionStart(parameters, this.identity.run, time)];
    file.add({ wall_time: time, step: 0, summary: { value } });
  }

  private addLine(metrics: Metrics, time: number): void {
    const value = scalarsOf(metrics).map(({ name, value: number }) => ({ tag: name, simple_value: number }));
    this.file?.add({ wall_time: time, step: metrics.step, summary: { value } });
  }

  /** What could not be written is tried again with the next; the lines of a run are few enough to be held until then. */
  private flush(): void {
    try {
      this.file?.flush();
    } catch (error) {
      if (!this.isTold) this.tell(`${(error as Error).message}; it is tried again`);
      this.isTold = true;
    }
  }
}

function versionAt(time: number): Event {
  return { wall_time: time, step: 0, file_version: "brain.Event:2" };
}

function endOf(status: "STATUS_SUCCESS" | "STATUS_FAILURE", time: number): Event {
  return { wall_time: time, step: 0, summary: { value: [sessionEnd(status, time)] } };
}

/** @throws SaveError */
function complete(file: EventFile): void {
  try {
    file.flush();
  } finally {
    file.close();
  }
}

/** Markdown: the recipe, and what is known of the run. */
function description({ manifest }: RunStart, parameters: ReadonlyMap<string, string | number>): string {
  const rows = [...parameters].map(([name, value]) => `| ${cell(name)} | ${cell(String(value))} |`);
  const recipe = manifest.recipe.split("\n").map((line) => `    ${line}`);
  return [`**${manifest.name}** of ${manifest.spec}`, "", ...recipe, "", "| | |", "| --- | --- |", ...rows, ""].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
