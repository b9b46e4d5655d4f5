/**
 * Runs the studies of `examples/study-*.norm`: `npm run studies -- [name …] [--seeds 3] [--threads 1]`. Each recipe is trained with each
 * seed by `norm train`, and a table of the last held-out values, mean ± deviation over the seeds, is printed in Markdown. Recipes that
 * others start from are trained once for each seed, before those.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "3" }, threads: { type: "string", default: "1" } },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => String(i + 1));
const all = readdirSync(join(root, "examples")).flatMap((file) => /^study-(.+)\.norm$/.exec(file)?.[1] ?? []);
const folder = mkdtempSync(join(tmpdir(), "norm-studies-"));
try {
  for (const name of positionals.length > 0 ? positionals : all) study(name);
} finally {
  rmSync(folder, { recursive: true });
}

function study(name) {
  const spec = join(root, "examples", `study-${name}.norm`);
  const recipes = [...readFileSync(spec, "utf8").matchAll(/^train (\w+)/gm)].map((found) => found[1]);
  const rows = recipes.map((recipe) => ({ recipe, ...summary(seeds.map((seed) => run(spec, recipe, seed))) }));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  console.log(`\n### ${name}\n\n| ${columns.join(" | ")} |\n| ${columns.map(() => "---").join(" | ")} |`);
  for (const row of rows) console.log(`| ${columns.map((column) => row[column] ?? "").join(" | ")} |`);
}

/** The last held-out values of one run. */
function run(spec, recipe, seed) {
  process.stderr.write(`${recipe}, seed ${seed}\n`);
  const args = [join(root, "bin", "norm.js"), "train", `${spec}#${recipe}`, "--seed", seed, "--out", join(folder, `seed-${seed}`, recipe), "--target", "wasm", "--threads", values.threads, "--json"];
  const out = join(folder, `seed-${seed}`, recipe);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1)).measures;
  // A stage that another recipe asked for has its run already.
  const stored = stderr.includes(out) && stderr.includes("already holds a run");
  const again = stored ? spawnSync(process.execPath, [...args, "--resume"], { encoding: "utf8" }) : undefined;
  if (again?.status === 0) return JSON.parse(again.stdout.trim().split("\n").at(-1)).measures;
  throw new Error(`${recipe} with seed ${seed} failed:\n${stderr}`);
}

/** Mean ± deviation (with Bessel's correction) of every value. */
function summary(runs) {
  const names = [...new Set(runs.flatMap((measures) => Object.keys(measures)))];
  return Object.fromEntries(
    names.map((name) => {
      const numbers = runs.map((measures) => measures[name]).filter((value) => typeof value === "number");
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      const deviation = Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(numbers.length - 1, 1));
      return [name, numbers.length === 0 ? "" : `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`];
    }),
  );
}
