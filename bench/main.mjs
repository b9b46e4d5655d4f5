// Benchmarks, one process each: `npm run bench -- compile`, `-- step`, `-- gpu`, `-- cpu`. Times are medians; machines are noisy,
// so compare the ratios of one run.
import { compileBench } from "./compile.mjs";
import { cpuBench, cpuTables } from "./cpu/main.mjs";
import { gpuBench, gpuTable } from "./gpu/main.mjs";
import { stepBench } from "./step.mjs";

const benches = { compile: compileBench, step: stepBench, gpu: gpuBench, cpu: cpuBench };
const tables = { gpu: (result) => [gpuTable(result)], cpu: cpuTables };
const [name = "compile", ...rest] = process.argv.slice(2);
const json = rest.includes("--json");
if (!(name in benches)) {
  process.stderr.write(`there is no benchmark ${name}: choose one of ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const result = await benches[name](...rest.filter((text) => text !== "--json"));
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const table of tables[name]?.(result) ?? [result]) console.table(table);
