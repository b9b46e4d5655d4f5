import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { Metrics } from "../../../src/runtime/metrics.js";
import { Names } from "../../../src/runtime/logging/mlflow/names.js";
import { MlflowAddress } from "../../../src/runtime/logging/mlflow/address.js";
import { MlflowObserver } from "../../../src/runtime/logging/mlflow/observer.js";
import { notePath } from "../../../src/runtime/logging/mlflow/note.js";
import type { RunEnding, RunStart } from "../../../src/runtime/observer.js";
import { FakeMlflow } from "./mlflow-server.js";
import { identity, newFolder, runStart, stepLine } from "./watched.js";

let server = new FakeMlflow();
afterEach(() => {
  server.close();
  server = new FakeMlflow();
});

const addressOf = (text: string, environment = {}) => MlflowAddress.parse(text, environment) as MlflowAddress;

interface Session {
  readonly observer: MlflowObserver;
  readonly told: string[];
}

function begin(address: string, start: RunStart, times: { readonly timeout?: number; readonly settling?: number } = {}): Session {
  const told: string[] = [];
  const observer = new MlflowObserver(addressOf(address), identity, { settling: 50, ...times });
  observer.start(start, (message) => told.push(message));
  return { observer, told };
}

/** A session with the loss of some steps. */
async function session(address: string, start: RunStart, steps: readonly number[], ending: RunEnding = { kind: "finished" }): Promise<string[]> {
  const { observer, told } = begin(address, start);
  for (const step of steps) observer.line(stepLine(step, step));
  await observer.end(ending, AbortSignal.timeout(5000));
  return told;
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const kept = (last: number): Metrics[] => range(1, last).map((step) => stepLine(step, step));
const losses = (run = 0) => server.history(run).filter((text) => text.startsWith("train/loss"));
const lossesOf = (first: number, last: number) => range(first, last).map((step) => `train/loss@${step} ${step}`);

test("a run has its experiment, name, parameters, metrics and status", async () => {
  const address = await server.listen();
  const { observer, told } = begin(address, runStart(newFolder()));
  observer.line(stepLine(1, 2.5));
  observer.line({ step: 1, epoch: 1, held_out: { accuracy: null } });
  observer.line({ step: 1, epoch: 1, measures: { "uniformity(encoded.cls)": -2, "spectrum(x)": [3, null] } });
  await observer.end({ kind: "finished" }, AbortSignal.timeout(5000));
  expect(told).toEqual([]);
  expect(server.experiments).toEqual([{ name: "toys", isDeleted: false }]);
  const [run] = server.runs;
  expect(run).toMatchObject({ name: "toy-1", status: "FINISHED", isDeleted: false });
  expect(Object.fromEntries(run!.parameters)).toEqual({
    spec: "toy.norm", recipe: "toy", seed: "7", target: "test", device: "toy on javascript", batch: "5", steps: "12", precision: "single", parameters: "5", flops_per_step: "4200",
    optimizer: "adamw(decay: 0.5)", "optimizer at norm_bias": "sgd", schedule: "constant(0.1)", cls: "batch",
  });
  expect(Object.fromEntries(run!.tags)).toMatchObject({ "mlflow.source.name": "toy.norm", "mlflow.note.content": expect.stringContaining("adamw") });
  expect(server.history()).toEqual([
    "train/loss@1 2.5", "train/rate@1 0.1", "train/examples_per_second@1 5", "train/close@1 0.5", "held_out/accuracy@1 NaN",
    "measures/uniformity_encoded.cls@1 -2", "spectrum_x/1@1 3", "spectrum_x/2@1 NaN",
  ]);
});

test.each([
  { ending: { kind: "interrupted" }, status: "KILLED" },
  { ending: { kind: "failed", message: "training step 3 gave NaN" }, status: "FAILED" },
] as const)("a run that was $ending.kind is $status, and RUNNING when it goes on", async ({ ending, status }) => {
  const address = await server.listen();
  const folder = newFolder();
  await session(address, runStart(folder), [1, 2], ending);
  expect(server.runs[0]!.status).toBe(status);
  expect(server.runs[0]!.tags.get("norm.error")).toBe("message" in ending ? ending.message : undefined);
  const { observer } = begin(address, runStart(folder, { step: 2, kept: kept(2) }));
  await expect.poll(() => server.runs[0]!.status).toBe("RUNNING");
  // And the same ending once more.
  await observer.end(ending, AbortSignal.timeout(5000));
  expect(server.runs.map((run) => run.status)).toEqual([status]);
});

test("thousands of values go in batches that the server takes", async () => {
  const address = await server.listen();
  await session(address, runStart(newFolder()), range(1, 600));
  expect(server.calls.filter((call) => call.startsWith("runs/log-batch ")).map((call) => Number(call.split(" ")[1]))).toEqual([1000, 1000, 400]);
  expect(losses()).toEqual(lossesOf(1, 600));
});

test.each([
  { title: "behind its checkpoint", arrived: 9, step: 6 },
  { title: "with lines that did not arrive", arrived: 4, step: 6 },
  { title: "before there was a checkpoint", arrived: 3, step: 0 },
])("a run that was killed $title goes on as the same run, each step once", async ({ arrived, step }) => {
  const address = await server.listen();
  const folder = newFolder();
  const { observer } = begin(address, runStart(folder));
  for (const number of range(1, arrived)) observer.line(stepLine(number, number));
  await expect.poll(() => server.runs[0]?.metrics.length, { timeout: 5000 }).toBe(arrived * 4);
  // It is killed: it does not end.
  await session(address, runStart(folder, { step, kept: kept(step), seconds: step }), range(step + 1, 12));
  expect(server.runs).toHaveLength(1);
  expect(losses()).toEqual(lossesOf(1, 12));
  expect(server.runs[0]!.status).toBe("FINISHED");
});

test("a call of a killed session that the server does late does not make steps stand twice", async () => {
  const address = await server.listen();
  const folder = newFolder();
  const { observer } = begin(address, runStart(folder), { timeout: 300_000 });
  await expect.poll(() => server.runs[0]?.parameters.size).toBe(14);
  server.mishap = (path) => (path === "runs/log-batch" && server.calls.at(-1) === "runs/log-batch 36" ? { slow: 500 } : undefined);
  for (const step of range(1, 9)) observer.line(stepLine(step, step));
  await expect.poll(() => server.calls.at(-1), { timeout: 5000 }).toBe("runs/log-batch 36");
  // It is killed, and resumed at once.
  const resumed = begin(address, runStart(folder, { step: 6, kept: kept(6), seconds: 6 }), { settling: 800 });
  for (const step of range(7, 12)) resumed.observer.line(stepLine(step, step));
  await resumed.observer.end({ kind: "finished" }, AbortSignal.timeout(8000));
  expect(losses()).toEqual(lossesOf(1, 12));
});

test("kept lines have the times at which they would have been logged without pauses", async () => {
  const address = await server.listen();
  const now = Date.now();
  await session(address, runStart(newFolder(), { step: 3, kept: kept(3), seconds: 3 }), []);
  const times = server.runs[0]!.metrics.filter(({ key }) => key === "train/loss").map(({ timestamp }) => Math.round((timestamp - now) / 1000));
  expect(times).toEqual([-2, -1, 0]);
});

test("a run that the server has no more is begun anew, and complete", async () => {
  const address = await server.listen();
  const folder = newFolder();
  await session(address, runStart(folder), range(1, 6), { kind: "interrupted" });
  server.runs[0]!.isDeleted = true;
  await session(address, runStart(folder, { step: 6, kept: kept(6), seconds: 6 }), range(7, 12));
  expect(server.runs).toHaveLength(2);
  expect(losses(1)).toEqual(lossesOf(1, 12));
});

test("another server gets a run of its own", async () => {
  const address = await server.listen();
  const folder = newFolder();
  await session(address, runStart(folder), [1], { kind: "interrupted" });
  const other = new FakeMlflow();
  await session(await other.listen(), runStart(folder, { step: 1, kept: kept(1) }), [2]);
  other.close();
  expect(other.history().filter((text) => text.startsWith("train/loss"))).toEqual(lossesOf(1, 2));
});

test("an experiment that was deleted is restored, which is told", async () => {
  const address = await server.listen();
  server.experiments.push({ name: "toys", isDeleted: true });
  expect(await session(address, runStart(newFolder()), [1])).toEqual(["the experiment toys had been deleted there, and is restored"]);
  expect(server.experiments).toEqual([{ name: "toys", isDeleted: false }]);
  expect(losses()).toEqual(lossesOf(1, 1));
});

test("runs that begin at the same time share the experiment", async () => {
  const address = await server.listen();
  server.mishap = () => ({ slow: 30 });
  await Promise.all(range(1, 4).map(() => session(address, runStart(newFolder()), [1])));
  expect(server.experiments).toHaveLength(1);
  expect(server.runs.map(({ status }) => status)).toEqual(range(1, 4).map(() => "FINISHED"));
});

const passing = [
  { title: "a server's fault", mishap: { status: 503, body: "<h1>Service Unavailable</h1>" }, says: /^http:\/\/127.0.0.1:\d+ answers 503; the run goes on, and it is tried again$/ },
  { title: "too many calls", mishap: { status: 429 }, says: /answers 429; the run goes on/ },
  { title: "a connection that breaks", mishap: "refused", says: /broke the connection; the run goes on/ },
  { title: "no answer", mishap: "unanswered", says: /does not answer in time; the run goes on/ },
  { title: "an answer that comes too late", mishap: { slow: 250 }, says: /does not answer in time; the run goes on/ },
  { title: "an answer that is lost", mishap: { after: "unanswered" }, says: /does not answer in time; the run goes on/ },
] as const;
test.each(passing.flatMap((row) => [...(row.title === "an answer that is lost" ? ["experiments/create"] : []), "runs/create", "runs/log-batch"].map((path) => ({ ...row, path }))))("$title to $path is told once, and everything arrives once in the end", async ({ mishap, path, says }) => {
  const address = await server.listen();
  let times = path === "runs/log-batch" ? 2 : 1;
  server.mishap = (own) => (own === path && times-- > 0 ? mishap : undefined);
  const { observer, told } = begin(address, runStart(newFolder()), { timeout: 100, settling: 250 });
  for (const step of range(1, 5)) observer.line(stepLine(step, step));
  await expect.poll(() => told.length, { timeout: 3000 }).toBe(1);
  await observer.end({ kind: "finished" }, AbortSignal.timeout(5000));
  if (typeof mishap === "object" && "slow" in mishap) await sleep(mishap.slow);
  expect(told).toEqual([expect.stringMatching(says)]);
  expect(server.experiments).toHaveLength(1);
  expect(server.runs).toHaveLength(1);
  expect(losses()).toEqual(lossesOf(1, 5));
  expect(server.runs[0]!.parameters.size).toBe(14);
  expect(server.runs[0]!.status).toBe("FINISHED");
});

test.each([
  { title: "who asks is not let in", mishap: { status: 401 }, says: /does not let us in \(401\).*MLFLOW_TRACKING_TOKEN.*; nothing more is logged there$/ },
  { title: "no MLflow is there", mishap: { status: 404, body: "<!doctype html>" }, says: /has no MLflow there \(404\); nothing more/ },
  { title: "the address is a web page", mishap: { status: 200, body: "<!doctype html>" }, says: /is no MLflow server: its answer is not JSON; nothing more/ },
  { title: "another address is told", mishap: { status: 302 }, says: /sends on to another address \(302\): give that one; nothing more/ },
])("where $title, it is told once, and nothing is tried again", async ({ mishap, says }) => {
  const address = await server.listen();
  server.mishap = () => mishap;
  const { observer, told } = begin(address, runStart(newFolder()));
  observer.line(stepLine(1));
  await expect.poll(() => told.length, { timeout: 3000 }).toBe(1);
  observer.line(stepLine(2));
  await observer.end({ kind: "finished" }, AbortSignal.timeout(5000));
  expect(told).toEqual([expect.stringMatching(says)]);
  expect(server.calls).toHaveLength(1);
});

test("a run that is deleted while it goes on is not made again", async () => {
  const address = await server.listen();
  const { observer, told } = begin(address, runStart(newFolder()));
  observer.line(stepLine(1));
  await expect.poll(() => server.runs[0]?.metrics.length, { timeout: 5000 }).toBe(4);
  server.runs[0]!.isDeleted = true;
  observer.line(stepLine(2));
  await expect.poll(() => told.length, { timeout: 5000 }).toBe(1);
  expect(told[0]).toMatch(/answers 400 INVALID_PARAMETER_VALUE The run 0 must be in the 'active' state\. Current state is deleted\.; nothing more is logged there/);
  await observer.end({ kind: "finished" }, AbortSignal.timeout(5000));
  expect(server.runs).toHaveLength(1);
});

test.each([
  { title: "nobody listens", listens: false, says: /cannot be reached: nothing listens there; the run is not complete there \(going on with --resume completes it\)/ },
  { title: "nobody answers", listens: true, says: /does not answer in time; the run is not complete there/ },
])("when $title, the end comes in time", async ({ listens, says }) => {
  const address = await server.listen();
  if (!listens) server.close();
  server.mishap = () => "unanswered";
  const { observer } = begin(address, runStart(newFolder()));
  observer.line(stepLine(1));
  const from = performance.now();
  await expect(observer.end({ kind: "finished" }, AbortSignal.timeout(400))).rejects.toThrow(says);
  expect(performance.now() - from).toBeLessThan(1500);
});

test("what was not delivered at the end is delivered by a resume of the finished run", async () => {
  const address = await server.listen();
  const folder = newFolder();
  server.mishap = (path) => (path === "runs/log-batch" ? { status: 503 } : undefined);
  const { observer } = begin(address, runStart(folder));
  for (const step of range(1, 12)) observer.line(stepLine(step, step));
  await expect(observer.end({ kind: "finished" }, AbortSignal.timeout(100))).rejects.toThrow(/not complete/);
  server.mishap = () => undefined;
  await session(address, runStart(folder, { step: 12, kept: kept(12), seconds: 12 }), []);
  expect(server.runs).toHaveLength(1);
  expect(losses()).toEqual(lossesOf(1, 12));
  expect(server.runs[0]!.status).toBe("FINISHED");
});

test("a slow server does not hold up whoever logs", async () => {
  const address = await server.listen();
  server.mishap = () => ({ slow: 400 });
  const from = performance.now();
  const { observer } = begin(address, runStart(newFolder()));
  for (const step of range(1, 100)) observer.line(stepLine(step, step));
  expect(performance.now() - from).toBeLessThan(400);
  await observer.end({ kind: "finished" }, AbortSignal.timeout(8000));
  expect(losses()).toHaveLength(100);
});

const basic = `Basic ${Buffer.from("ann:s3cret/%").toString("base64")}`;
test.each([
  { title: "in the address", address: "http://ann:s3cret%2F%25@HOST/", environment: { MLFLOW_TRACKING_TOKEN: "t0ken" }, sent: basic },
  { title: "as variables", address: "http://HOST", environment: { MLFLOW_TRACKING_USERNAME: "ann", MLFLOW_TRACKING_PASSWORD: "s3cret/%", MLFLOW_TRACKING_TOKEN: "t0ken" }, sent: basic },
  { title: "as a token", address: "http://HOST/", environment: { MLFLOW_TRACKING_TOKEN: "t0ken" }, sent: "Bearer t0ken" },
  { title: "nowhere", address: "http://HOST", environment: {}, sent: undefined },
])("who asks stands $title, and nowhere else", async ({ address, environment, sent }) => {
  const host = new URL(await server.listen()).host;
  const parsed = addressOf(address.replace("HOST", host), environment);
  const folder = newFolder();
  const told: string[] = [];
  const observer = new MlflowObserver(parsed, identity);
  let times = 1;
  server.mishap = () => (times-- > 0 ? { status: 500 } : undefined);
  observer.start(runStart(folder), (message) => told.push(message));
  await expect.poll(() => told.length).toBe(1);
  await observer.end({ kind: "finished" }, AbortSignal.timeout(5000));
  expect(new Set(server.authorizations)).toEqual(new Set([sent]));
  const seen = [readFileSync(notePath(folder), "utf8"), ...told, String(parsed), JSON.stringify(parsed), ...server.runs.flatMap(({ parameters, tags }) => [...parameters, ...tags].flat())].join("\n");
  expect(seen).toContain(host);
  expect(seen).not.toMatch(/s3cret|t0ken|ann:/);
});

test.each([
  ["localhost:5000", /must begin with http/],
  ["ftp://ann:s3cret@host", /must begin with http/],
  ["http://", /is none/],
  ["http://host/?a=b", /without `\?`/],
])("%s is no address", (text, says) => {
  const message = MlflowAddress.parse(text, {});
  expect(message).toMatch(says);
  expect(message).not.toContain("s3cret");
});

test("a token that no header can hold is refused, and not repeated", () => {
  expect(MlflowAddress.parse("http://host", { MLFLOW_TRACKING_TOKEN: "t0ken\n" })).toBe("MLFLOW_TRACKING_TOKEN holds characters that a token cannot have");
});

test("names become ones that MLflow takes, others for others", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 300 }), { maxLength: 8 }), fc.uniqueArray(fc.stringMatching(/^[a(/. )_:]{0,8}$/), { maxLength: 12 }), (texts, short) => {
      const names = new Names();
      const all = [...new Set([...texts, ...short])];
      const given = all.map((name) => names.of(name));
      expect(new Set(given).size).toBe(all.length);
      expect(all.map((name) => names.of(name))).toEqual(given);
      for (const name of given) {
        expect(name).toMatch(/^[\p{L}\p{N}_/. -]{1,250}$/u);
        expect(name.split("/").every((part) => part !== "" && part !== "." && part !== "..")).toBe(true);
      }
    }),
  );
  expect(new Names().of("measures/uniformity(encoded.cls)")).toBe("measures/uniformity_encoded.cls");
});
