/** Runs an emitted program on TensorFlow.js. */

import type { Tensor } from "@tensorflow/tfjs-core";
import { keyOf, normals, uniforms } from "../../random/threefry.js";
import type { Batch, Engine, Fault, Manifest, NamedTensors, StepResult, TensorSpec } from "../trainer.js";
import { Watch } from "./locate.js";
import { createOperations } from "./operations.js";
import type { EntryFunction, Operations, Program, ProgramModule, ProgramRuntime, TensorFlow } from "./program.js";

/** What one run of an entry reads. */
interface Inputs {
  readonly batch?: Batch;
  readonly step: number;
  readonly steps: number;
}

/** What one run of an entry gave: tensors that the engine owns. */
interface Outcome {
  readonly results: Readonly<Record<string, Tensor>>;
  readonly updates: ReadonlyMap<string, Tensor>;
}

/**
 * An engine for an emitted program.
 * @param tf the namespace of the opened device; its backend is set already.
 * @param device describes it for people.
 * @param module the emitted `program.js`.
 */
export function createEngine(tf: TensorFlow, device: string, module: ProgramModule, manifest: Manifest): Engine {
  return new TfjsEngine(tf, device, module, manifest);
}

class TfjsEngine implements Engine {
  private readonly program: Program;
  private readonly operations: Operations;
  private readonly specs: ReadonlyMap<string, TensorSpec>;
  private readonly runtime: ProgramRuntime;
  private slots = new Map<string, Tensor>();
  private inputs: Inputs = { step: 0, steps: 0 };
  private uploaded = new Map<string, Tensor>();
  private updates = new Map<string, Tensor>();

  constructor(
    private readonly tf: TensorFlow,
    readonly device: string,
    private readonly module: ProgramModule,
    private readonly manifest: Manifest,
  ) {
    this.specs = new Map([...manifest.parameters, ...manifest.states].map((spec) => [spec.name, spec]));
    this.operations = createOperations(tf);
    this.runtime = {
      ...this.operations,
      slot: (name) => found(this.slots, name, "parameter or state"),
      input: (name) => this.input(name),
      update: (name, value) => void this.updates.set(name, value),
      at: () => undefined,
      uniform: (stream, shape) => this.random(uniforms, stream, shape),
      normal: (stream, shape) => this.random(normals, stream, shape),
    };
    this.program = module.createProgram(tf, this.runtime);
  }

  async initialise(): Promise<void> {
    const { results, updates } = this.run(this.program.initialise, { step: 0, steps: 0 });
    this.tf.dispose(results);
    this.commit(updates);
  }

  async step(batch: Batch, step: number, steps: number): Promise<StepResult> {
    const { results, updates } = this.run(this.program.step, { batch, step, steps });
    const { loss = NaN, rate = NaN, ...reports } = await this.readScalars({ ...results, "": this.sumOf(updates) });
    const { "": sum, ...measures } = reports;
    this.tf.dispose(results);
    // A sum can overflow although every number in it is finite; only then they are looked at one by one.
    const finite = Number.isFinite(loss) && (Number.isFinite(sum) || (await this.areFinite(updates)));
    if (finite) this.commit(updates);
    else this.tf.dispose([...updates.values()]);
    return { finite, loss, rate, reports: measures };
  }

  async evaluate(batch: Batch): Promise<Readonly<Record<string, number>>> {
    const { results } = this.run(this.program.evaluate, { batch, step: 0, steps: 0 });
    const values = await this.readScalars(results);
    this.tf.dispose(results);
    return values;
  }

  async measure(entry: string, batch: Batch, step: number, steps: number): Promise<ReadonlyMap<string, ArrayLike<number>>> {
    const { results } = this.run(found(new Map(Object.entries(this.program)), entry, "entry"), { batch, step, steps });
    const values = new Map<string, ArrayLike<number>>();
    for (const [name, tensor] of Object.entries(results)) values.set(name, await tensor.data());
    this.tf.dispose(results);
    return values;
  }

  async read(): Promise<NamedTensors> {
    const values: NamedTensors = new Map();
    for (const [name, { type }] of this.specs) {
      const data = await found(this.slots, name, "parameter or state").data();
      values.set(name, type === "i32" ? Int32Array.from(data) : Float32Array.from(data));
    }
    return values;
  }

  async write(values: NamedTensors): Promise<void> {
    const next = new Map<string, Tensor>();
    for (const [name, spec] of this.specs) {
      const data = values.get(name);
      const size = spec.axes.reduce((product, axis) => product * axis.extent, 1);
      if (data === undefined || data.length !== size) {
        this.tf.dispose([...next.values()]);
        throw new Error(data === undefined ? `no value is given for ${name}` : `${name} has ${size} values, not ${data.length}`);
      }
      next.set(name, this.upload(data, spec));
    }
    this.commit(next);
  }

  async locate(batch: Batch, step: number, steps: number): Promise<Fault | undefined> {
    const watch = new Watch(this.tf, this.module.origins);
    const program = this.module.createProgram(watch.watchedTf(), watch.watchedRuntime(this.runtime));
    return watch.find(() => {
      const { results, updates } = this.run(program.step, { batch, step, steps });
      this.tf.dispose([...Object.values(results), ...updates.values()]);
    });
  }

  memory(): { bytes: number; tensors: number } {
    const { numBytes, numTensors } = this.tf.memory();
    return { bytes: numBytes, tensors: numTensors };
  }

  dispose(): void {
    this.tf.dispose([...this.slots.values()]);
    this.slots.clear();
  }

  /** Runs an entry. Whatever it made but for its results and updates is gone then, even when it throws. */
  private run(entry: EntryFunction, inputs: Inputs): Outcome {
    this.inputs = inputs;
    this.updates = new Map();
    this.uploaded = new Map();
    let results: Record<string, Tensor> = {};
    this.tf.tidy(() => {
      results = entry();
      for (const tensor of [...Object.values(results), ...this.updates.values()]) this.tf.keep(tensor);
    });
    return { results, updates: this.updates };
  }

  private commit(updates: ReadonlyMap<string, Tensor>): void {
    for (const [name, tensor] of updates) {
      this.slots.get(name)?.dispose();
      this.slots.set(name, tensor);
    }
  }

  /** A tensor for an input, made when a program first asks for it. */
  private input(name: string): Tensor {
    const known = this.uploaded.get(name);
    if (known !== undefined) return known;
    const tensor = this.newInput(name);
    this.uploaded.set(name, tensor);
    return tensor;
  }

  private newInput(name: string): Tensor {
    const { batch, step, steps } = this.inputs;
    if (name === "step" || name === "steps") return this.tf.scalar(name === "step" ? step : steps);
    if (batch !== undefined && name === "valid") {
      return this.tf.tensor1d(Float32Array.from({ length: this.manifest.batch }, (_, i) => (i < batch.valid ? 1 : 0)));
    }
    const spec = this.manifest.inputs.find((candidate) => candidate.name === name);
    const data = batch?.inputs.get(name);
    if (spec === undefined || data === undefined) throw new Error(`no value is given for the input ${name}`);
    return this.upload(data, spec);
  }

  /** Copies values to the device; the caller may change them afterwards. */
  private upload(data: Float32Array | Int32Array, { axes, type }: TensorSpec): Tensor {
    const shape = axes.map((axis) => axis.extent);
    const copy = type === "i32" ? Int32Array.from(data) : Float32Array.from(data);
    return this.tf.tensor(copy, shape, type === "i32" ? "int32" : "float32");
  }

  private random(draw: typeof uniforms, stream: string, shape: number[]): Tensor {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const values = draw(keyOf(this.manifest.seed, stream, this.inputs.step), count, new Float32Array(count));
    return this.tf.tensor(values as Float32Array, shape);
  }

  /** One number that is finite only if all values are. */
  private sumOf(updates: ReadonlyMap<string, Tensor>): Tensor {
    return this.tf.tidy(() => {
      const floats = [...updates.values()].filter((tensor) => tensor.dtype === "float32");
      return floats.length === 0 ? this.tf.scalar(0) : this.tf.addN(floats.map((tensor) => this.tf.sum(tensor)));
    });
  }

  private async areFinite(updates: ReadonlyMap<string, Tensor>): Promise<boolean> {
    for (const tensor of updates.values()) {
      if (tensor.dtype !== "float32") continue;
      // 0 for a finite number, NaN for others: no sum of these can overflow.
      const zero = this.tf.tidy(() => this.tf.sum(this.tf.mul(tensor, 0)));
      const [value] = await zero.data();
      zero.dispose();
      if (value !== 0) return false;
    }
    return true;
  }

  /** The numbers of scalars, read in one go. The tensor named "" is disposed. */
  private async readScalars(scalars: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
    const names = Object.keys(scalars);
    const joined = this.tf.tidy(() => this.tf.concat1d(names.map((name) => this.tf.reshape(this.tf.cast(scalars[name]!, "float32"), [1]))));
    scalars[""]?.dispose();
    const values = await joined.data();
    joined.dispose();
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  }
}

function found<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`no ${what} is called ${name}`);
  return value;
}
