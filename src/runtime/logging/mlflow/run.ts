/** One run on an MLflow server: found or made, and told of. */

import type { MlflowClient } from "./client.js";
import { MlflowError } from "./client.js";

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface Field {
  readonly key: string;
  readonly value: string;
}

export type Status = "RUNNING" | "FINISHED" | "FAILED" | "KILLED";

/** What the server says of a run. */
export interface Held {
  readonly id: string;
  readonly status: string;
  readonly parameters: ReadonlySet<string>;
  /** The last step of each metric. */
  readonly steps: ReadonlyMap<string, number>;
}

interface RunAnswer {
  readonly info: { readonly run_id: string; readonly status: string; readonly lifecycle_stage: string };
  readonly data?: { readonly params?: readonly Field[]; readonly metrics?: readonly { readonly key: string; readonly step?: number | string }[] };
}

/** The tag by which a run is found that nobody knows the id of. */
const keyTag = "norm.key";
/** Limits of `runs/log-batch`. */
const mostMetrics = 1000;
const mostFields = 100;

export class MlflowRuns {
  constructor(
    private readonly client: MlflowClient,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * The id of an experiment, which is made when there is none.
   * @param onRestore is called when it had been deleted, and is there again: its name cannot be given to another.
   */
  async experiment(name: string, onRestore: () => void): Promise<string> {
    const found = (await this.experimentNamed(name)) ?? (await this.createExperiment(name));
    if (found.lifecycle_stage === "deleted") {
      await this.post("experiments/restore", { experiment_id: found.experiment_id });
      onRestore();
    }
    return found.experiment_id;
  }

  private async experimentNamed(name: string): Promise<{ readonly experiment_id: string; readonly lifecycle_stage: string } | undefined> {
    const answer = await absent(this.get<{ experiment: { experiment_id: string; lifecycle_stage: string } }>("experiments/get-by-name", { experiment_name: name }));
    return answer?.experiment;
  }

  private async createExperiment(name: string): Promise<{ readonly experiment_id: string; readonly lifecycle_stage: string }> {
    try {
      const { experiment_id: id } = await this.post<{ experiment_id: string }>("experiments/create", { name });
      return { experiment_id: id, lifecycle_stage: "active" };
    } catch (error) {
      // Another process was faster: cells of an ablation run side by side.
      const made = error instanceof MlflowError && error.code === "RESOURCE_ALREADY_EXISTS" ? await this.experimentNamed(name) : undefined;
      if (made === undefined) throw error;
      return made;
    }
  }

  /** Undefined when the server has no such run, or it was deleted. */
  async find(id: string): Promise<Held | undefined> {
    return held((await absent(this.get<{ run: RunAnswer }>("runs/get", { run_id: id })))?.run);
  }

  async findByKey(experiment: string, key: string): Promise<Held | undefined> {
    const { runs = [] } = await this.post<{ runs?: readonly RunAnswer[] }>("runs/search", { experiment_ids: [experiment], filter: `tags.\`${keyTag}\` = '${key}'`, max_results: 1 });
    return held(runs[0]);
  }

  async create(experiment: string, name: string, key: string, started: number, tags: readonly Field[]): Promise<Held> {
    const { run } = await this.post<{ run: RunAnswer }>("runs/create", { experiment_id: experiment, run_name: name, start_time: started, tags: [{ key: keyTag, value: key }, ...tags] });
    return held(run)!;
  }

  async setStatus(id: string, status: Status): Promise<void> {
    await this.post("runs/update", { run_id: id, status, ...(status === "RUNNING" ? {} : { end_time: Date.now() }) });
  }

  async logParameters(id: string, parameters: readonly Field[]): Promise<void> {
    for (let i = 0; i < parameters.length; i += mostFields) await this.post("runs/log-batch", { run_id: id, params: parameters.slice(i, i + mostFields) });
  }

  async tag(id: string, tag: Field): Promise<void> {
    await this.post("runs/set-tag", { run_id: id, ...tag });
  }

  /** Logs the first of `metrics`, as many as the server takes at once, and gives how many they were. */
  async logFirst(id: string, metrics: readonly Metric[]): Promise<number> {
    const first = metrics.slice(0, mostMetrics);
    await this.post("runs/log-batch", { run_id: id, metrics: first.map(({ value, ...rest }) => ({ ...rest, value: number(value) })) });
    return first.length;
  }

  private get<Result>(path: string, query: Readonly<Record<string, string>>): Promise<Result> {
    return this.client.call("GET", path, query, this.signal);
  }

  private post<Result = object>(path: string, body: Readonly<Record<string, unknown>>): Promise<Result> {
    return this.client.call("POST", path, body, this.signal);
  }
}

/** JSON has no word for these; Protocol Buffers' form of it, which the server reads, has. */
function number(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function held(run: RunAnswer | undefined): Held | undefined {
  if (run === undefined || run.info.lifecycle_stage === "deleted") return undefined;
  const { params = [], metrics = [] } = run.data ?? {};
  return {
    id: run.info.run_id,
    status: run.info.status,
    parameters: new Set(params.map(({ key }) => key)),
    steps: new Map(metrics.map(({ key, step = 0 }) => [key, Number(step)])),
  };
}

/** Undefined where the server has no such thing. */
async function absent<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MlflowError && error.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw error;
  }
}
