// One training step of a ViT on the CPU with two threads: Norm on WebAssembly beside TensorFlow.js, jax-js and PyTorch, in one
// run. Behind it, Norm's products beside what the processor can do at most.
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { agreeing, median, rounded } from "../figures.mjs";
import { modelOf } from "../model.mjs";
import { runSides } from "./rounds.mjs";
import { sides } from "./sides.mjs";

/** How far the losses of the first three steps may lie apart, as a share of the first one. Sums are rounded differently. */
const tolerance = 1e-4;

/** The steps whose losses are compared. */
const compared = 3;

/** Model, tokens, batch. `vit-tiny` on smaller images is its 12 layers of 192 alike. */
const cases = [
  ["vit-2x64", 17, 1],
  ["vit-2x64", 17, 16],
  ["vit-2x64", 17, 128],
  ["vit-2x64", 65, 16],
  ["vit-2x64", 197, 4],
  ["vit-6x192", 17, 16],
  ["vit-6x192", 65, 1],
  ["vit-6x192", 65, 16],
  ["vit-tiny", 17, 8],
  ["vit-tiny", 65, 1],
  ["vit-tiny", 65, 8],
  ["vit-tiny", 197, 1],
  ["vit-tiny", 197, 4],
];

/** Columns of the result. Of the sides of a column the fastest one counts. */
const columns = [...new Set(sides.map(({ column }) => column))];

/**
 * Runs the cases whose names, such as `vit-2x64, 17 tokens, batch 16`, hold the text `only`, and the products when it is
 * `products`; without it all. Times are medians, `null` for a side that failed, is not installed or is too slow. A failure of
 * Norm's, or losses that do not agree, give the process a bad exit code.
 */
export async function cpuBench(only = "") {
  const rows = [];
  for (const [name, tokens, batch] of cases) {
    if (titleOf({ name, tokens, batch }).includes(only)) rows.push(await runCase(name, tokens, batch));
  }
  return { cpu: cpus()[0].model, tolerance, cases: rows, products: "products".includes(only) ? runProducts() : [], threads: scalingOf(rows) };
}

/** The tables of the result, for people. */
export function cpuTables({ cases: rows, products, threads }) {
  const ratio = (ms, own) => (ms === null || own === null ? null : Number((ms / own).toFixed(2)));
  const others = columns.filter((column) => column !== "norm");
  const table = rows.map((row) => ({
    case: titleOf(row),
    norm_ms: row.norm_ms,
    ...Object.fromEntries(others.map((column) => [`${column} / norm`, ratio(row[`${column}_ms`], row.norm_ms)])),
    "losses agree": row.agree,
  }));
  return [table, products, threads].filter(({ length }) => length > 0);
}

function titleOf({ name, tokens, batch }) {
  return `${name}, ${tokens} tokens, batch ${batch}`;
}

async function runCase(name, tokens, batch) {
  const title = titleOf({ name, tokens, batch });
  process.stderr.write(`${title}\n`);
  const found = await runSides(modelOf(name, tokens), batch);
  const losses = Object.fromEntries([...found].map(([side, result]) => [side, result?.losses.slice(0, compared) ?? null]));
  const agree = agreeing(Object.values(losses).filter((of) => of !== null), tolerance);
  if (!agree) process.stderr.write(`${title}: the losses differ: ${JSON.stringify(losses)}\n`);
  const times = columns.map((column) => {
    const all = sides.filter((side) => side.column === column).flatMap((side) => found.get(side.name) ?? []);
    return [`${column}_ms`, all.length === 0 ? null : rounded(Math.min(...all.map(({ times }) => median(times))))];
  });
  const row = { name, batch, tokens, ...Object.fromEntries(times), losses, agree };
  if (!agree || row.norm_ms === null) process.exitCode = 1;
  return row;
}

function scalingOf(rows) {
  return rows
    .filter((row) => row.name === "vit-tiny" && row.norm_ms !== null && row.norm_one_thread_ms !== null)
    .map((row) => ({ case: titleOf(row), one_thread_ms: row.norm_one_thread_ms, two_threads_ms: row.norm_ms, scaling: Number((row.norm_one_thread_ms / row.norm_ms).toFixed(2)) }));
}

function runProducts() {
  process.stderr.write("products\n");
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL("products.mjs", import.meta.url))], { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout);
  process.exitCode = 1;
  return [];
}
