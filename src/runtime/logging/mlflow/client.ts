/** Calls of MLflow's REST API, version 2.0. Source: https://mlflow.org/docs/latest/rest-api.html */

import type { MlflowAddress } from "./address.js";

/** The server did not do what it was asked. */
export class MlflowError extends Error {
  override name = "MlflowError";
  constructor(
    message: string,
    /** Such as `RESOURCE_DOES_NOT_EXIST`; undefined where there was no answer of MLflow's. */
    readonly code: string | undefined,
    /** Whether the same call may be answered another time. What was asked for may have been done nevertheless. */
    readonly mayPass: boolean,
  ) {
    super(message);
  }
}

/** Milliseconds until a call is given up. */
const usualTimeout = 10_000;
/** HTTP's own codes for what may pass, besides those of a server's faults. */
const passing = new Set([408, 425, 429]);

export class MlflowClient {
  constructor(
    private readonly address: MlflowAddress,
    private readonly timeout = usualTimeout,
  ) {}

  /**
   * @param path below `/api/2.0/mlflow/`, such as `runs/create`.
   * @param fields the query of a GET, or the body of a POST.
   * @throws MlflowError
   */
  async call<Result>(method: "GET" | "POST", path: string, fields: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Result> {
    const query = method === "GET" ? `?${new URLSearchParams(fields as Record<string, string>).toString()}` : "";
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.timeout)]);
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.address.url}/api/2.0/mlflow/${path}${query}`, {
        method,
        headers: { ...this.address.headers(), accept: "application/json", ...(method === "POST" ? { "content-type": "application/json" } : {}) },
        ...(method === "POST" ? { body: JSON.stringify(fields) } : {}),
        // A POST that is redirected may become a GET, and who asks is not told to another server.
        redirect: "manual",
        signal: limit,
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw new MlflowError(`${this.address.url} ${noAnswer(error)}`, undefined, true);
    }
    const answer = parsed(text);
    if (status === 200 && answer !== undefined) return answer as Result;
    const code = textOf(answer?.["error_code"]);
    throw new MlflowError(`${this.address.url} ${this.refusal(status, code, textOf(answer?.["message"]))}`, code, status >= 500 || passing.has(status));
  }

  private refusal(status: number, code: string | undefined, message: string | undefined): string {
    if (status === 200) return "is no MLflow server: its answer is not JSON";
    if (status >= 300 && status < 400) return `sends on to another address (${status}): give that one`;
    if (status === 401 || status === 403) return `does not let us in (${status}): the address, or the variables MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN, must say who asks`;
    if (status === 404 && code === undefined) return "has no MLflow there (404)";
    const said = [code, message?.split("\n")[0]?.replace(/\p{Cc}/gu, " ").slice(0, 300)].filter((part) => part !== undefined);
    return `answers ${[status, ...said].join(" ")}`;
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** By codes of Node's errors; for what a client refuses to do there are only words. */
const reasons = new Map([
  ["bad port", "has a port that is not for HTTP"],
  ["ECONNREFUSED", "cannot be reached: nothing listens there"],
  ["ENOTFOUND", "cannot be reached: the host is not known"],
  ["EAI_AGAIN", "cannot be reached: the host's name cannot be looked up"],
  ["ETIMEDOUT", "cannot be reached: it does not answer"],
  ["ECONNRESET", "broke the connection"],
  ["UND_ERR_SOCKET", "broke the connection"],
]);

/** Why there was no answer. Only codes are read: messages may hold what was sent. */
function noAnswer(error: unknown): string {
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) return "does not answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  const own = cause instanceof AggregateError ? cause.errors[0] : cause;
  const { code: known, message } = (own ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const code = String(known ?? (message === "bad port" ? message : "unknown reason"));
  return reasons.get(code) ?? `cannot be reached (${code})`;
}
