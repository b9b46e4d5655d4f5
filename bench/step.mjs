// One training step of the main example's ViT (2 layers of 64, 17 tokens), forward, backward and AdamW: our TensorFlow.js
// program on every device that is installed, and PyTorch (eager) where `python3` has it.
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { openDevice } from "../dist/runtime/tfjs/devices.js";
import { createEngine } from "../dist/runtime/tfjs/engine.js";
import { importProgram } from "../dist/runtime/tfjs/trainer.js";
import { emitTfjs } from "../dist/target/tfjs/emit.js";
import { median } from "./figures.mjs";
import { compileText, vitText } from "./vit.mjs";

const batchSize = 128;

export async function stepBench() {
  const { program, manifest } = compileText(vitText({ dim: 64, depth: 2, heads: 4, batch: batchSize }));
  const module = await importProgram(await emitTfjs(program, manifest));
  const inputs = new Map([
    ["image", Float32Array.from({ length: batchSize * 784 }, (_, i) => ((i * 7919) % 256) / 255)],
    ["label", Int32Array.from({ length: batchSize }, (_, i) => i % 10)],
  ]);
  const rows = [];
  for (const choice of ["tfjs-node-gpu", "wasm"]) {
    const device = await openDevice(choice, [process.cwd()]).catch(() => undefined);
    if (device === undefined) continue;
    const engine = createEngine(device.tf, device.name, module, manifest);
    await engine.initialise();
    const times = [];
    let last;
    for (let step = 0; step < 12; step++) {
      const start = performance.now();
      last = await engine.step({ inputs, valid: batchSize }, step, 100);
      times.push(performance.now() - start);
    }
    rows.push({ name: device.name, batch: batchSize, ms: Math.round(median(times.slice(2))), loss: Number(last.loss.toFixed(4)), held_bytes: engine.memory().bytes });
    engine.dispose();
  }
  const torch = spawnSync("python3", [fileURLToPath(new URL("vit.py", import.meta.url)), String(batchSize)], { encoding: "utf8" });
  if (torch.status === 0) rows.push(JSON.parse(torch.stdout));
  const fastest = Math.min(...rows.map(({ ms }) => ms));
  return rows.map((row) => ({ ...row, ratio: Number((row.ms / fastest).toFixed(2)) }));
}
