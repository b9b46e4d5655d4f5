// One training step of a ViT on a GPU through WebGPU: Norm beside TensorFlow.js and jax-js, in one run on one adapter. It is the
// hardware's where there is one, else SwiftShader on the CPU, whose times say little about a GPU's.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { agreeing, rounded } from "../figures.mjs";
import { softwareGpuExists, softwareVulkan } from "../../scripts/swiftshader.mjs";

const sides = ["norm", "tfjs", "jax"];

/** How far the losses of the first three steps may lie apart, as a share of the first one. Sums are rounded differently. */
const tolerance = 1e-4;

/** What is run, and per side for how many timed steps or seconds. A step on a software adapter takes seconds. */
const hardware = { steps: 50, seconds: 10, cases: [["vit-2x64", 16], ["vit-2x64", 64], ["vit-2x64", 256], ["vit-tiny", 16], ["vit-tiny", 64]] };
const software = { steps: 20, seconds: 4, cases: [["vit-2x64", 4], ["vit-2x64", 16], ["vit-2x64", 64], ["vit-tiny-2", 1]] };

/**
 * Runs every case. `norm_ms`, `tfjs_ms` and `jax_ms` are medians, `null` for a side that failed; `dispatches` and `peak_bytes`
 * are Norm's. A failure, or losses that do not agree, give the process a bad exit code.
 */
export function gpuBench() {
  const { adapter, environment } = chooseAdapter();
  const { cases, ...limits } = adapter.software ? software : hardware;
  process.stderr.write(`${adapter.name}\n`);
  return { adapter: adapter.name, tolerance, cases: cases.map(([name, batch]) => runCase({ name, batch, ...limits }, environment)) };
}

/** The rows of the result, for people. */
export function gpuTable({ cases }) {
  const ratio = (ms, own) => (ms === null || own === null ? null : Number((ms / own).toFixed(2)));
  const all = (row, key, show = (value) => value) => sides.map((side) => (row[key(side)] === null ? "-" : show(row[key(side)]))).join(" / ");
  return cases.map((row) => ({
    case: `${row.name}, batch ${row.batch}`,
    norm_ms: row.norm_ms,
    tfjs_ms: row.tfjs_ms,
    jax_ms: row.jax_ms,
    "tfjs / norm": ratio(row.tfjs_ms, row.norm_ms),
    "jax / norm": ratio(row.jax_ms, row.norm_ms),
    "dispatches: norm / tfjs / jax": all(row, (side) => (side === "norm" ? "dispatches" : `${side}_dispatches`)),
    "peak MB: norm / tfjs / jax": all(row, (side) => (side === "norm" ? "peak_bytes" : `${side}_peak_bytes`), (bytes) => (bytes / 1e6).toFixed(1)),
    "losses agree": row.agree,
  }));
}

function runCase(request, environment) {
  const results = Object.fromEntries(sides.map((side) => {
    process.stderr.write(`${request.name}, batch ${request.batch}: ${side}\n`);
    return [side, runPeer(side, request, environment)];
  }));
  const value = (side, key) => results[side]?.[key] ?? null;
  const losses = Object.fromEntries(sides.map((side) => [side, value(side, "losses")]));
  const agree = agreeing(Object.values(losses).filter((found) => found !== null), tolerance);
  if (!agree) process.stderr.write(`${request.name}, batch ${request.batch}: the losses differ: ${JSON.stringify(losses)}\n`);
  if (!agree || sides.some((side) => results[side] === undefined)) process.exitCode = 1;
  return {
    name: request.name,
    batch: request.batch,
    ...Object.fromEntries(sides.map((side) => [`${side}_ms`, rounded(value(side, "ms"))])),
    dispatches: value("norm", "dispatches"),
    peak_bytes: value("norm", "peak_bytes"),
    ...Object.fromEntries(["tfjs", "jax"].flatMap((side) => ["dispatches", "peak_bytes"].map((key) => [`${side}_${key}`, value(side, key)]))),
    losses,
    agree,
  };
}

function chooseAdapter() {
  const found = runPeer("adapter", {}, {}, "ignore");
  if (found !== undefined) return { adapter: found, environment: {} };
  if (!softwareGpuExists) throw new Error("there is no WebGPU adapter, and the software one is for Linux on x86-64");
  const environment = softwareVulkan();
  const adapter = runPeer("adapter", {}, environment);
  if (adapter === undefined) throw new Error("there is no WebGPU adapter, and the software one did not start");
  return { adapter, environment };
}

/** Runs one side in a process of its own. Undefined when it failed: what it said stands on stderr then. */
function runPeer(side, request, environment, stderr = "inherit") {
  const peer = fileURLToPath(new URL("peer.mjs", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [peer, side, JSON.stringify(request)], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", stderr],
    encoding: "utf8",
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
