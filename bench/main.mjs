// Benchmarks, one process each: `npm run bench -- compile`, `npm run bench -- step`. Times are medians; machines are noisy,
// so compare the ratios of one run.
import { compileBench } from "./compile.mjs";
import { stepBench } from "./step.mjs";

const benches = { compile: compileBench, step: stepBench };
const [name = "compile", ...rest] = process.argv.slice(2);
const json = rest.includes("--json");
if (!(name in benches)) {
  process.stderr.write(`there is no benchmark ${name}: choose one of ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const rows = await benches[name]();
if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else console.table(rows);
