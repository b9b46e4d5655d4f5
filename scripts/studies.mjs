/**
 * Runs the studies of `examples/study-*.norm`: `npm run studies -- [name …] [--seeds 3] [--threads 1]`. Each recipe is trained with each
 * seed by `norm train`, and a table of the last held-out values, mean ± deviation over the seeds, is printed in Markdown. A recipe that
 * begins with a stage takes the stage's run of the same seed, which stands before it in the file.
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
  const blocks = [...readFileSync(spec, "utf8").matchAll(/^train (\w+)[^]*?(?=^train |$(?![^]))/gm)];
  const recipes = blocks.map(([text, recipe]) => ({ recipe, stage: /^ *from (\w+)/m.exec(text)?.[1] }));
  const rows = recipes.map(({ recipe, stage }) => ({ recipe, ...summary(seeds.map((seed) => run(spec, recipe, stage, seed))) }));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  console.log(`\n### ${name}\n\n| ${columns.join(" | ")} |\n| ${columns.map(() => "---").join(" | ")} |`);
  for (const row of rows) console.log(`| ${columns.map((column) => row[column] ?? "").join(" | ")} |`);
}

/** The last held-out values of one run. A stage was trained before, with the same seed. */
function run(spec, recipe, stage, seed) {
  process.stderr.write(`${recipe}, seed ${seed}\n`);
  const out = (of) => join(folder, `seed-${seed}`, of);
  const args = ["train", `${spec}#${recipe}`, "--seed", seed, "--out", out(recipe), "--target", "wasm", "--threads", values.threads, "--json"];
  if (stage !== undefined) args.push("--from", out(stage));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin", "norm.js"), ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${recipe} with seed ${seed} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)).measures;
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
