// One side of the benchmark in a process of its own, so that its threads and memory are its own: `node bench/cpu/peer.mjs SIDE`,
// where `SIDE` is a module of this folder with `open({ model, batch, threads }) → { step(index) → loss }`. The first line of
// stdin is the request; its step is not timed, since it compiles. Every further line, `{ "seconds" }`, asks for steps: at least
// one, and none that would begin after so many seconds. Replies, `{ losses, times }`, go to file 3, since libraries print.
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import v8 from "node:v8";

// Node 20 has relaxed SIMD behind a flag. It is here for all sides.
if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

const { open } = await import(`./${process.argv[2]}.mjs`);
let trainer;
let index = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  trainer ??= await open(asked);
  writeSync(3, `${JSON.stringify(await run(asked.seconds ?? 0))}\n`);
}
// A device or a thread that is still there would keep the process running.
process.exit();

async function run(seconds) {
  const losses = [];
  const times = [];
  const start = performance.now();
  do {
    const from = performance.now();
    losses.push(await trainer.step(index++));
    times.push(performance.now() - from);
  } while (performance.now() - start < 1000 * seconds);
  return { losses, times };
}
