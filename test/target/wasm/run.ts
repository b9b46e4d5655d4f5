/** Runs one entry of a WebAssembly plan in this thread, for tests: no engine, nothing kept. */

import v8 from "node:v8";
import type { Environment } from "../../../src/ir/definition.js";
import { keyOf } from "../../../src/random/threefry.js";
import { type Plan, words } from "../../../src/runtime/wasm/plan.js";
import { assemble } from "../../../src/target/wasm/assemble.js";
import type { EmittedWasm } from "../../../src/target/wasm/emit.js";

// Node 20 has relaxed SIMD behind a flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

export interface Run {
  readonly results: ReadonlyMap<string, Float64Array>;
  /** Every slot after the entry. */
  readonly slots: ReadonlyMap<string, Float64Array>;
  /** Whether every new value was finite. */
  readonly healthy: boolean;
}

type RunDispatches = (from: number, to: number, thread: number, threads: number) => void;

/** A module with a memory of its own. @throws Error when it is not valid. */
export async function instantiate({ plan, text }: EmittedWasm): Promise<{ run: RunDispatches; memory: WebAssembly.Memory }> {
  const pages = Math.ceil((plan.bytes + plan.scratch) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { instance } = await WebAssembly.instantiate((await assemble(text)) as Uint8Array<ArrayBuffer>, { env: { memory } });
  return { run: instance.exports["run"] as unknown as RunDispatches, memory };
}

/** Runs `entry` with the environment's slots and inputs. What nothing has written is NaN. */
export async function runWasm(emitted: EmittedWasm, entry: keyof Plan["entries"], environment: Environment): Promise<Run> {
  const { plan } = emitted;
  const { run, memory } = await instantiate(emitted);
  new Uint8Array(memory.buffer).fill(0xff, 256);
  type Range = { readonly offset: number; readonly type: string; readonly elements: number };
  const view = ({ offset, type, elements }: Range) => (type === "f32" ? new Float32Array(memory.buffer, offset, elements) : new Int32Array(memory.buffer, offset, elements));
  for (const slot of plan.slots) view(slot).set(environment.slots.get(slot.name) ?? []);
  for (const input of plan.inputs) view(input).set(environment.inputs.get(input.name) ?? (input.name === "step" ? [environment.step] : []));
  for (const key of plan.keys) new Uint32Array(memory.buffer, key.offset, 2).set(keyOf(environment.seed, key.name, environment.step));
  const { from, to, results } = plan.entries[entry];
  run(from, to, 0, 1);
  const read = (range: Range) => Float64Array.from(view(range));
  return {
    results: new Map(results.map((range) => [range.name, read(range)])),
    slots: new Map(plan.slots.map((range) => [range.name, read(range)])),
    healthy: new Uint32Array(memory.buffer)[words.health / 4] === 0,
  };
}
