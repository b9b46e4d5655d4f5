/** A trainer process for tests that kill it: `node toy-main.js <folder> <milliseconds per step> <milliseconds per reading> <ahead> [--resume]`. */

import { interruptedExitCode, watchInterrupts } from "../../src/runtime/interrupts.js";
import { train } from "../../src/runtime/train.js";
import { toyData, ToyEngine, toyManifest } from "./toy.js";

const [folder, busy, reading, ahead, resume] = process.argv.slice(2);
const manifest = toyManifest({ epochs: 25 });
const interrupts = watchInterrupts();
const engine = new ToyEngine(manifest, { busy: Number(busy), reading: Number(reading), ahead: Number(ahead) });
const summary = await train(manifest, engine, toyData(manifest), {
  folder: folder!,
  resume: resume === "--resume",
  json: true,
  checkpointEvery: { steps: 3 },
  signal: interrupts.signal,
});
interrupts.dispose();
if (summary.interrupted) process.exitCode = interruptedExitCode;
