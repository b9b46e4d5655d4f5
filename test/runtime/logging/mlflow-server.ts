/**
 * A small MLflow server. Its answers, those of refusals included, are what the server of MLflow 3.17 was seen to give, which
 * `scripts/check-loggers.sh` asks for real.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

interface Run {
  readonly experiment: string;
  readonly name: string;
  status: string;
  isDeleted: boolean;
  readonly parameters: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly metrics: { readonly key: string; readonly value: number | string; readonly timestamp: number; readonly step: number }[];
}

/** What befalls a call instead of its answer, or after it was done. */
export type Mishap = { readonly status: number; readonly body?: string } | "refused" | "unanswered" | { readonly after: "unanswered" } | { readonly slow: number };

interface Field {
  readonly key: string;
  readonly value: string;
}
type Body = Readonly<Record<string, string>> & { readonly metrics?: Run["metrics"]; readonly params?: readonly Field[]; readonly tags?: readonly Field[]; readonly experiment_ids?: readonly string[] };

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class FakeMlflow {
  readonly experiments: { readonly name: string; isDeleted: boolean }[] = [];
  readonly runs: Run[] = [];
  /** `runs/log-batch 3`: each call, with how many metrics it had. */
  readonly calls: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** Called before each call; what it gives happens instead. */
  mishap: (path: string) => Mishap | undefined = () => undefined;
  private readonly server = createServer((request, response) => void this.serve(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** `key@step value` of a run's metrics, in their order. */
  history(run = 0): string[] {
    return this.runs[run]!.metrics.map(({ key, step, value }) => `${key}@${step} ${value}`);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, "http://here");
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const path = pathname.replace("/api/2.0/mlflow/", "");
    const body = (request.method === "POST" ? JSON.parse(text) : Object.fromEntries(searchParams)) as Body;
    this.calls.push(body.metrics === undefined ? path : `${path} ${body.metrics.length}`);
    this.authorizations.push(request.headers.authorization);
    const mishap = this.mishap(path);
    if (mishap === "refused") return void response.destroy();
    if (mishap === "unanswered") return;
    if (mishap !== undefined && "status" in mishap) return void response.writeHead(mishap.status, { "content-type": "text/html", ...(mishap.status === 302 ? { location: "/elsewhere" } : {}) }).end(mishap.body ?? "");
    if (mishap !== undefined && "slow" in mishap) await sleep(mishap.slow);
    try {
      const answer = JSON.stringify(this.answer(path, body));
      if (mishap !== undefined && "after" in mishap) return;
      response.writeHead(200, { "content-type": "application/json" }).end(answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.writeHead(error.status, { "content-type": "application/json" }).end(JSON.stringify({ error_code: error.code, message: error.message }));
    }
  }

  private answer(path: string, body: Body): object {
    switch (path) {
      case "experiments/get-by-name": {
        const id = this.experiments.findIndex(({ name }) => name === body["experiment_name"]);
        if (id < 0) throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `Could not find experiment with name '${body["experiment_name"]}'`);
        return { experiment: { experiment_id: String(id), lifecycle_stage: this.experiments[id]!.isDeleted ? "deleted" : "active" } };
      }
      case "experiments/create":
        if (this.experiments.some(({ name }) => name === body["name"])) throw new Refusal(400, "RESOURCE_ALREADY_EXISTS", `Experiment(name=${body["name"]}) already exists.`);
        return { experiment_id: String(this.experiments.push({ name: body["name"]!, isDeleted: false }) - 1) };
      case "experiments/restore":
        this.experiments[Number(body["experiment_id"])]!.isDeleted = false;
        return {};
      case "runs/create": {
        const experiment = body["experiment_id"]!;
        if (this.experiments[Number(experiment)]!.isDeleted) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `The experiment ${experiment} must be in the 'active' state. Current state is deleted.`);
        const run: Run = { experiment, name: body["run_name"]!, status: "RUNNING", isDeleted: false, parameters: new Map(), tags: new Map(), metrics: [] };
        for (const { key, value } of body.tags ?? []) run.tags.set(key, value);
        return { run: this.describe(this.runs.push(run) - 1) };
      }
      case "runs/get":
        this.find(body);
        return { run: this.describe(Number(body["run_id"])) };
      case "runs/search": {
        const key = /^tags\.`norm\.key` = '([\w-]+)'$/.exec(body["filter"]!)![1]!;
        const id = this.runs.findIndex((run) => !run.isDeleted && run.tags.get("norm.key") === key && body.experiment_ids!.includes(run.experiment));
        return id < 0 ? {} : { runs: [this.describe(id)] };
      }
      case "runs/update":
        this.find(body).status = body["status"]!;
        return {};
      case "runs/set-tag":
        this.find(body).tags.set(body["key"]!, body["value"]!);
        return {};
      case "runs/log-batch":
        this.logBatch(this.find(body), body);
        return {};
      default:
        throw new Error(`nobody asked the real server for ${path}`);
    }
  }

  private logBatch(run: Run, { metrics = [], params = [], ...body }: Body): void {
    if (run.isDeleted) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `The run ${body["run_id"]} must be in the 'active' state. Current state is deleted.`);
    if (metrics.length > 1000) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `A batch logging request can contain at most 1000 metrics. Got ${metrics.length} metrics.`);
    if (params.length > 100) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `A batch logging request can contain at most 100 params. Got ${params.length} params.`);
    for (const { key } of [...metrics, ...params]) {
      const isPath = key !== "" && !key.startsWith("/") && key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
      if (!/^[/\w.\- ]*$/.test(key) || key.length > 250 || !isPath) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `Invalid value "${key}" for parameter 'metrics[0].name' supplied: Names may only contain alphanumerics`);
    }
    for (const { value } of metrics) {
      if (typeof value !== "number" && !["NaN", "Infinity", "-Infinity"].includes(value)) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `Invalid value ${value}`);
    }
    for (const { key, value } of params) {
      if (run.parameters.has(key) && run.parameters.get(key) !== value) throw new Refusal(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.");
      run.parameters.set(key, value);
    }
    // What stands there in all its parts is not written again.
    const there = new Set(run.metrics.map((metric) => JSON.stringify(metric)));
    run.metrics.push(...metrics.filter((metric) => !there.has(JSON.stringify(metric))));
  }

  private find({ run_id: id }: Body): Run {
    const run = this.runs[Number(id)];
    if (run === undefined) throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `Run with id=${id} not found`);
    return run;
  }

  private describe(id: number): object {
    const { status, isDeleted, parameters, metrics } = this.runs[id]!;
    const last = new Map(metrics.map((metric) => [metric.key, metric]));
    return {
      info: { run_id: String(id), status, lifecycle_stage: isDeleted ? "deleted" : "active" },
      data: { params: [...parameters].map(([key, value]) => ({ key, value })), metrics: [...last.values()] },
    };
  }
}
