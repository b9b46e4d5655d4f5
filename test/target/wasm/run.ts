/** Runs a step as WebAssembly in this thread, for tests: no engine, nothing kept. */

import type { Environment } from "../../../src/ir/definition.js";
import type { Device } from "../../../src/kernel/device.js";
import { lower } from "../../../src/kernel/lower.js";
import { verifyKernels } from "../../../src/kernel/verify.js";
import { keyOf } from "../../../src/random/threefry.js";
import { enableRelaxedSimd } from "../../../src/runtime/wasm/node-features.js";
import { type TensorRange, words } from "../../../src/runtime/wasm/plan.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import { processor } from "../../../src/target/wasm/device.js";
import { type EmittedWasm, emitKernels } from "../../../src/target/wasm/emit.js";
import type { Run, RunStep } from "../run.js";

enableRelaxedSimd();

/** Both ways in which kernels are printed. */
export const runners: Readonly<Record<string, RunStep>> = { "without relaxed SIMD": runnerOf(false), "with relaxed SIMD": runnerOf(true) };

export function runnerOf(isRelaxed: boolean, device: Device = processor): RunStep {
  return (program, environment) => {
    const kernels = lower(program, device, ["step"]);
    verifyKernels(kernels, device);
    return runStep(emitKernels(kernels, { isRelaxed }), environment);
  };
}

/** What nothing has written is NaN. */
async function runStep({ plan, text }: EmittedWasm, environment: Environment): Promise<Run> {
  const pages = Math.ceil((plan.bytes + plan.scratch) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { instance } = await WebAssembly.instantiate((await assemble(text)) as Uint8Array<ArrayBuffer>, { env: { memory } });
  const run = instance.exports["run"] as (from: number, to: number, thread: number, threads: number) => void;
  new Uint8Array(memory.buffer).fill(0xff, 256);
  const view = ({ offset, type, elements }: TensorRange) => (type === "f32" ? new Float32Array(memory.buffer, offset, elements) : new Int32Array(memory.buffer, offset, elements));
  for (const slot of plan.slots) view(slot).set(environment.slots.get(slot.name) ?? []);
  for (const input of plan.inputs) view(input).set(environment.inputs.get(input.name) ?? (input.name === "step" ? [environment.step] : []));
  for (const key of plan.keys) new Uint32Array(memory.buffer, key.offset, 2).set(keyOf(environment.seed, key.name, environment.step));
  const { from, to, results } = plan.entries.step;
  run(from, to, 0, 1);
  const read = (range: TensorRange) => Float64Array.from(view(range));
  return {
    results: new Map(results.map((range) => [range.name, read(range)])),
    slots: new Map(plan.slots.map((range) => [range.name, read(range)])),
    healthy: new Uint32Array(memory.buffer)[words.health / 4] === 0,
  };
}
