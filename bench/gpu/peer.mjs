// One side of the benchmark in a process of its own, so that its device and memory are its own:
// `node bench/gpu/peer.mjs SIDE '{"name", "batch", "steps", "seconds"}'` prints one JSON object.
// `SIDE` is `adapter`, which tells what adapter there is, or a module of this folder with
// `open({ model, batch }) → { step(index) → loss }`.
import { performance } from "node:perf_hooks";
import { median } from "../figures.mjs";
import { gpuCounts, openGpu } from "./device.mjs";
import { models } from "../model.mjs";

/** The steps whose losses are compared. */
const compared = 3;

const [side, text = "{}"] = process.argv.slice(2);
openGpu();
const result = side === "adapter" ? await describeAdapter() : await measure(JSON.parse(text));
// A device that is still there would keep the process running.
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());

async function describeAdapter() {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("there is no WebGPU adapter");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  return { name: [vendor, architecture, device, description].filter(Boolean).join(" "), software: isFallbackAdapter || architecture === "swiftshader" };
}

/**
 * Runs a step that is not timed, since it compiles, and then up to `steps` that are; at least three, and after `seconds` no
 * new one.
 */
async function measure({ name, batch, steps, seconds }) {
  const { open } = await import(`./${side}.mjs`);
  const trainer = await open({ model: models[name], batch });
  const losses = [await trainer.step(0)];
  const times = [];
  const before = gpuCounts().dispatches;
  const start = performance.now();
  while (times.length < 3 || (times.length < steps && performance.now() - start < 1000 * seconds)) {
    const from = performance.now();
    losses.push(await trainer.step(losses.length));
    times.push(performance.now() - from);
  }
  const { dispatches, peakBytes } = gpuCounts();
  return { losses: losses.slice(0, compared), ms: median(times), dispatches: (dispatches - before) / times.length, peak_bytes: peakBytes };
}
