/** Runs the kernels of a plan on CPU threads, in Node and in browsers. */

import { Inputs } from "../inputs.js";
import { decoded, plannedMeasure, stepResult } from "../results.js";
import { faultBefore, firstValuesError, Search, type SearchedDispatch } from "../search.js";
import { fitting, type Slot, slotsOf } from "../slots.js";
import type { Batch, Engine, Fault, Manifest, NamedTensors, StepResult } from "../trainer.js";
import type { Write } from "./messages.js";
import { type Plan, type PlannedDispatch, type TensorRange, words } from "./plan.js";
import { openPool, type Pool } from "./pool.js";

export interface Trainer {
  readonly manifest: Manifest;
  readonly plan: Plan;
  /** The kernels: a WebAssembly module's bytes. */
  readonly module: Uint8Array;
  /** Whether they use relaxed SIMD. */
  readonly usesRelaxed: boolean;
}

type EntryName = keyof Plan["entries"];
type Place = Pick<TensorRange, "offset" | "elements">;

/** Bytes that a search reads at once, so that large tensors need no copy of themselves. */
const mostAtOnce = 64 * 2 ** 20;

const health: Place = { offset: words.health, elements: 1 };
const healthy: Write = [words.health, new Uint8Array(4)];

/**
 * An engine with all its memory taken and its threads started.
 * @throws RunError when the kernels cannot be compiled, or the memory cannot be had.
 */
export async function createEngine(trainer: Trainer, threads: number): Promise<Engine> {
  const slots = slotsOf(trainer.manifest, trainer.plan.slots);
  return new WasmEngine(trainer, slots, await openPool(trainer.module, trainer.plan, threads));
}

class WasmEngine implements Engine {
  readonly device: string;
  private readonly plan: Plan;
  private readonly inputs: Inputs;
  /** What `inputs` fills, and where it goes. */
  private readonly inputWrites: readonly Write[];

  constructor(
    { manifest, plan, usesRelaxed }: Trainer,
    private readonly slots: readonly Slot[],
    private readonly pool: Pool,
  ) {
    this.plan = plan;
    // Not the number of threads: it changes no bit of a result.
    this.device = `wasm (SIMD${usesRelaxed ? ", fused multiply-add" : ""})`;
    const { memory, places } = packed([...plan.inputs, ...plan.keys]);
    this.inputs = new Inputs(memory, places.slice(0, plan.inputs.length), places.slice(plan.inputs.length), manifest.seed);
    this.inputWrites = [...plan.inputs, ...plan.keys].map(({ offset }, i) => [offset, new Uint8Array(memory, ...bytesOf(places[i]!))]);
  }

  async initialise(): Promise<void> {
    const { isHealthy } = await this.run("initialise", undefined, 0, 0);
    if (!isHealthy) throw firstValuesError(await this.find("initialise"));
  }

  async step(batch: Batch, step: number, steps: number): Promise<StepResult> {
    const { results, isHealthy } = await this.run("step", batch, step, steps);
    return stepResult(results, isHealthy);
  }

  async evaluate(batch: Batch): Promise<Readonly<Record<string, number>>> {
    return (await this.run("evaluate", batch, 0, 0)).results;
  }

  async measure(entry: string, batch: Batch, step: number, steps: number): Promise<ReadonlyMap<string, ArrayLike<number>>> {
    const { from, to, results } = plannedMeasure(this.plan.measures, entry);
    this.inputs.fill(batch, step, steps);
    const reads = await this.pool.request({ writes: [...this.inputWrites, healthy], run: [from, to], reads: results.map(bytesOf) });
    return new Map(results.map(({ name, type }, i) => [name, type === "f32" ? new Float32Array(reads[i]!) : new Int32Array(reads[i]!)]));
  }

  async read(): Promise<NamedTensors> {
    const reads = await this.pool.request({ writes: [], reads: this.slots.map(({ range }) => bytesOf(range)) });
    return new Map(this.slots.map(({ spec }, i) => [spec.name, spec.type === "i32" ? new Int32Array(reads[i]!) : new Float32Array(reads[i]!)]));
  }

  async write(values: NamedTensors): Promise<void> {
    const writes = this.slots.map(({ spec, range }): Write => {
      const { buffer, byteOffset, byteLength } = fitting(values.get(spec.name), spec);
      return [range.offset, new Uint8Array(buffer, byteOffset, byteLength)];
    });
    await this.pool.request({ writes, reads: [] });
  }

  async locate(batch: Batch, step: number, steps: number): Promise<Fault | undefined> {
    const fault = faultBefore(batch, await this.read());
    if (fault !== undefined) return fault;
    this.inputs.fill(batch, step, steps);
    await this.pool.request({ writes: this.inputWrites, reads: [] });
    return this.find("step");
  }

  memory(): { bytes: number; tensors: number } {
    return { bytes: this.pool.bytes, tensors: 1 };
  }

  dispose(): void {
    this.pool.dispose();
  }

  private async run(name: EntryName, batch: Batch | undefined, step: number, steps: number): Promise<{ results: Record<string, number>; isHealthy: boolean }> {
    const { from, to, results } = this.plan.entries[name];
    this.inputs.fill(batch, step, steps);
    const reads = await this.pool.request({ writes: [...this.inputWrites, healthy], run: [from, to], reads: [health, ...results].map(bytesOf) });
    const [found, ...values] = reads.map((bytes) => new DataView(bytes));
    return { results: decoded(results, values), isHealthy: found!.getInt32(0, true) === 0 };
  }

  /**
   * Runs an entry dispatch by dispatch, on the inputs that are there, until a result is not finite. The updates are made
   * likewise, and taken back.
   */
  private async find(name: "initialise" | "step"): Promise<Fault | undefined> {
    const { from, check, commit, to, dispatches } = this.plan.entries[name];
    const before = await this.read();
    await this.pool.request({ writes: [healthy], reads: [] });
    const search = new Search<"memory">({
      read: (_, offset, size, take) => this.readParts(offset, size, take),
      slotAt: (_, at) => this.slots.find(({ range }) => at >= range.offset && at < range.offset + 4 * range.elements)?.spec.name,
    });
    const through = (start: number, end: number) => {
      return search.through(dispatches.slice(start - from, end - from).map(searched), async (i) => void (await this.pool.request({ writes: [], run: [start + i, start + i + 1], reads: [] })));
    };
    const found = (await through(from, check)) ?? (await through(commit, to)) ?? search.lastResort();
    await this.write(before);
    return found;
  }

  /** Part after part, until `take` has enough. */
  private async readParts(offset: number, size: number, take: (bytes: ArrayBuffer, at: number) => boolean): Promise<void> {
    for (let at = offset; at < offset + size; at += mostAtOnce) {
      const [bytes] = await this.pool.request({ writes: [], reads: [[at, Math.min(mostAtOnce, offset + size - at)]] });
      if (take(bytes!, at)) return;
    }
  }
}

function searched({ reads, outputs }: PlannedDispatch): SearchedDispatch<"memory"> {
  return {
    reads: reads.map(([start, end]) => ({ buffer: "memory", start, end })),
    outputs: outputs.map((output) => ({ ...output, buffer: "memory" })),
  };
}

function bytesOf({ offset, elements }: Place): readonly [offset: number, length: number] {
  return [offset, 4 * elements];
}

/** Places for these tensors one behind the other, in memory of their own. */
function packed(ranges: readonly TensorRange[]): { memory: ArrayBuffer; places: TensorRange[] } {
  let end = 0;
  const places = ranges.map((range) => {
    const place = { ...range, offset: end };
    end += 4 * range.elements;
    return place;
  });
  return { memory: new ArrayBuffer(end), places };
}
