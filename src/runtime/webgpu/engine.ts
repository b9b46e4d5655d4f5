/** Runs a plan on a GPU, in Node and in browsers. */

import { Inputs } from "../inputs.js";
import { decoded, plannedMeasure, stepResult } from "../results.js";
import { faultBefore, firstValuesError } from "../search.js";
import { fitting, type Slot, slotsOf } from "../slots.js";
import type { Batch, Engine, Fault, Manifest, NamedTensors, StepResult, TensorData } from "../trainer.js";
import type { OpenDevice } from "./adapter.js";
import { type Buffers, createBuffers, roundedUp, Transfer } from "./buffers.js";
import { searched, searchIn } from "./locate.js";
import { type Command, type Commands, type EntryName, prepare } from "./pipelines.js";
import type { Plan, PlannedEntry } from "./plan.js";
import { mostAhead, Readback } from "./readback.js";
import { Watch } from "./watch.js";

/** Milliseconds of work that the GPU is given ahead at most, so that results are shown, and a stop is seen, soon. */
const longestAhead = 500;
/** Bytes of batches that wait for the GPU at most; two may wait in any case. */
const mostWaiting = 256 * 2 ** 20;

/**
 * An engine for a plan, with all its memory taken and all its kernels compiled. The device stays the caller's.
 * @param onProgress is told how many of how many kernels are compiled.
 * @throws RunError when the GPU has not the memory, or refuses a kernel.
 */
export async function createEngine(
  open: OpenDevice,
  plan: Plan,
  manifest: Manifest,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Engine> {
  const { device } = open;
  const watch = new Watch(open);
  const buffers = await createBuffers(device, watch, plan.buffers);
  const transfer = await Transfer.create(device, watch, Math.max(...Object.values(plan.buffers)));
  const readback = await Readback.create(device, watch, buffers.results, resultBytes(plan));
  const commands = await prepare(device, watch, plan, buffers, onProgress);
  return new WebgpuEngine(open, plan, manifest, { watch, buffers, transfer, readback, commands });
}

/** What the engine has made on its device. */
interface Parts {
  readonly watch: Watch;
  readonly buffers: Buffers;
  readonly transfer: Transfer;
  readonly readback: Readback;
  readonly commands: Commands;
}

class WebgpuEngine implements Engine {
  readonly device: string;
  readonly storesHalf: boolean;
  private readonly inputs: Inputs;
  /** What `inputs` fills: a copy of the buffer `inputs`, so that all of it is uploaded in one go. */
  private readonly uploaded: Uint8Array<ArrayBuffer>;
  private readonly slots: readonly Slot[];

  constructor(
    private readonly open: OpenDevice,
    private readonly plan: Plan,
    manifest: Manifest,
    private readonly parts: Parts,
  ) {
    this.device = open.describe();
    this.storesHalf = plan.entries.step.dispatches.some(({ outputs }) => outputs.some(({ type }) => type === "f16"));
    this.uploaded = new Uint8Array(roundedUp(plan.buffers.inputs));
    this.inputs = new Inputs(this.uploaded.buffer, plan.inputs, plan.keys, manifest.seed);
    this.slots = slotsOf(manifest, plan.slots);
  }

  get ahead(): number {
    // Before a step was timed, it could take long.
    const byTime = longestAhead / (this.parts.readback.millisecondsPerRun ?? longestAhead);
    const bySize = mostWaiting / this.plan.buffers.inputs;
    return Math.max(1, Math.floor(Math.min(mostAhead, byTime, bySize)));
  }

  async initialise(): Promise<void> {
    const { watch, readback } = this.parts;
    watch.check();
    this.setHealth(0);
    this.upload(undefined, 0, 0);
    const results = await readback.submit(this.recorded("initialise"));
    if (isHealthy(results)) return;
    throw firstValuesError(await this.find("initialise"));
  }

  async step(batch: Batch, step: number, steps: number): Promise<StepResult> {
    const { watch, readback } = this.parts;
    watch.check();
    this.upload(batch, step, steps);
    const results = await readback.submit(this.recorded("step"));
    return stepResult(named(this.plan.entries.step, results), isHealthy(results));
  }

  async evaluate(batch: Batch): Promise<Readonly<Record<string, number>>> {
    const { watch, readback } = this.parts;
    watch.check();
    this.upload(batch, 0, 0);
    return named(this.plan.entries.evaluate, await readback.submit(this.recorded("evaluate")));
  }

  async measure(entry: string, batch: Batch, step: number, steps: number): Promise<ReadonlyMap<string, ArrayLike<number>>> {
    const { watch, buffers, transfer } = this.parts;
    const { results } = plannedMeasure(this.plan.measures, entry);
    watch.check();
    this.upload(batch, step, steps);
    const { dispatches } = plannedMeasure(this.parts.commands.measures, entry);
    this.open.device.queue.submit([this.encoded(dispatches).finish()]);
    const values = new Map<string, TensorData>();
    for (const { name, type, offset, elements } of results) {
      const own = type === "f32" ? new Float32Array(elements) : new Int32Array(elements);
      await transfer.read(buffers.results, offset, own.byteLength, (bytes, at) => copyShared(bytes, at, own, offset));
      values.set(name, own);
    }
    return values;
  }

  async read(): Promise<NamedTensors> {
    const { buffers, transfer } = this.parts;
    const values: NamedTensors = new Map();
    for (const { spec, range } of this.slots) values.set(spec.name, spec.type === "i32" ? new Int32Array(range.elements) : new Float32Array(range.elements));
    await transfer.read(buffers.slots, 0, this.plan.buffers.slots, (bytes, at) => {
      for (const { spec, range } of this.slots) copyShared(bytes, at, values.get(spec.name)!, range.offset);
    });
    return values;
  }

  async write(values: NamedTensors): Promise<void> {
    const { device } = this.open;
    const { watch, buffers, transfer } = this.parts;
    const data = this.slots.map(({ spec, range }) => ({ offset: range.offset, own: fitting(values.get(spec.name), spec) }));
    watch.check();
    for (const { offset, own } of data) transfer.write(buffers.slots, offset, own);
    this.setHealth(0);
    await watch.wait(device.queue.onSubmittedWorkDone());
  }

  async locate(batch: Batch, step: number, steps: number): Promise<Fault | undefined> {
    const fault = faultBefore(batch, await this.read());
    if (fault !== undefined) return fault;
    this.upload(batch, step, steps);
    return this.find("step");
  }

  memory(): { bytes: number; tensors: number } {
    const own = [...Object.values(this.parts.buffers), this.parts.transfer.staging];
    const { bytes, buffers } = this.parts.readback.memory();
    return { bytes: own.reduce((sum, { size }) => sum + size, bytes), tensors: own.length + buffers };
  }

  dispose(): void {
    const { buffers, transfer, readback } = this.parts;
    readback.dispose();
    transfer.staging.destroy();
    for (const buffer of Object.values(buffers)) buffer.destroy();
  }

  /** What an entry reads; it is there for all runs that are submitted from now on, and for none before. */
  private upload(batch: Batch | undefined, step: number, steps: number): void {
    this.inputs.fill(batch, step, steps);
    this.parts.transfer.write(this.parts.buffers.inputs, 0, this.uploaded);
  }

  private setHealth(word: 0 | 1): void {
    this.open.device.queue.writeBuffer(this.parts.buffers.results, 0, Uint32Array.of(word));
  }

  private recorded(entry: EntryName): GPUCommandEncoder {
    const { dispatches, check, commit } = this.parts.commands[entry];
    return this.encoded([...dispatches, ...check, ...commit]);
  }

  /** In one pass, in which dispatches see what those before them wrote. */
  private encoded(commands: readonly Command[]): GPUCommandEncoder {
    const encoder = this.open.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | undefined;
    for (const { pipeline, group, x, y } of commands) {
      if (pipeline !== current) pass.setPipeline((current = pipeline));
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    return encoder;
  }

  /**
   * Runs an entry dispatch by dispatch, on the inputs that are there, until a result is not finite. The updates are made
   * likewise, and taken back. Afterwards the engine refuses further steps, as before.
   */
  private async find(entry: "initialise" | "step"): Promise<Fault | undefined> {
    const { dispatches, commit } = this.plan.entries[entry];
    const commands = this.parts.commands[entry];
    const before = await this.read();
    const search = searchIn(this.parts.transfer, this.parts.buffers, this.plan.slots);
    this.setHealth(0);
    const run = (command: Command) => this.open.device.queue.submit([this.encoded([command]).finish()]);
    const found =
      (await search.through(dispatches.map(searched), (i) => run(commands.dispatches[i]!))) ??
      (await search.through(commit.map(searched), (i) => run(commands.commit[i]!))) ??
      search.lastResort();
    await this.write(before);
    this.setHealth(1);
    return found;
  }
}

/** Bytes at the start of `results` that hold the health word and every entry's results; those of measures are read by themselves. */
function resultBytes({ entries }: Plan): number {
  const ranges = Object.values(entries).flatMap(({ results }) => results);
  return roundedUp(Math.max(4, ...ranges.map(({ offset }) => offset + 4)));
}

function isHealthy(results: DataView): boolean {
  return results.getUint32(0, true) === 0;
}

/** An entry's results, in the bytes that hold every entry's. */
function named({ results }: PlannedEntry, bytes: DataView): Record<string, number> {
  return decoded(results, results.map(({ offset }) => new DataView(bytes.buffer, bytes.byteOffset + offset, 4))); // prettier-ignore
}

/** Copies those bytes of a part of a buffer that belong to `values`, which begin at byte `offset` of the buffer. */
function copyShared(part: ArrayBuffer, at: number, values: TensorData, offset: number): void {
  const start = Math.max(at, offset);
  const end = Math.min(at + part.byteLength, offset + values.byteLength);
  if (start >= end) return;
  new Uint8Array(values.buffer).set(new Uint8Array(part, start - at, end - start), start - offset);
}
