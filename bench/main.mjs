// Benchmarks, one process each: `npm run bench -- compile`, `-- step`, `-- gpu`. Times are medians; machines are noisy, so compare
// the ratios of one run.
import { compileBench } from "./compile.mjs";
import { gpuBench, gpuTable } from "./gpu/main.mjs";
import { stepBench } from "./step.mjs";

const benches = { compile: compileBench, step: stepBench, gpu: gpuBench };
const [name = "compile", ...rest] = process.argv.slice(2);
const json = rest.includes("--json");
if (!(name in benches)) {
  process.stderr.write(`there is no benchmark ${name}: choose one of ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const rows = await benches[name]();
if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else console.table(name === "gpu" ? gpuTable(rows) : rows);
