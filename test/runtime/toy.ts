/** A small deterministic trainer for tests of the runtime: linear regression with momentum, in plain JavaScript. */

import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, normals, permutation } from "../../src/random/threefry.js";
import type { Batches } from "../../src/runtime/batches.js";
import type { Output } from "../../src/runtime/terminal.js";
import type { Batch, Engine, Fault, Manifest, NamedTensors, StepResult } from "../../src/runtime/trainer.js";

export const features = 4;

export function toyManifest(changes: Partial<Manifest> = {}): Manifest {
  const axes = [{ name: "feature", extent: features }];
  return {
    name: "toy",
    spec: "toy.norm",
    target: "test",
    seed: 7,
    batch: 5,
    epochs: 3,
    holdout: 0.25,
    precision: "single",
    recipe: "rate 0.2",
    data: { loader: "toy", arguments: [{ value: "data/toy" }], place: "toy.norm:9:3" },
    parameters: [
      { name: "weight", type: "f32", axes },
      { name: "bias", type: "f32", axes: [] },
    ],
    states: [
      { name: "momentum.weight", type: "f32", axes, owner: "optimizer" },
      { name: "momentum.bias", type: "f32", axes: [], owner: "optimizer" },
      { name: "seen", type: "i32", axes: [], owner: "model" },
    ],
    inputs: [
      { name: "x", type: "f32", axes: [{ name: "batch", extent: 5 }, ...axes] },
      { name: "y", type: "f32", axes: [{ name: "batch", extent: 5 }] },
    ],
    reports: ["close"],
    cost: { parameters: 5, flopsPerStep: 4200, peakBytes: 12_988_186 },
    ...changes,
  };
}

/** 20 training examples, 4 steps in an epoch; 7 held out, so that the last batch of evaluation is padded. */
export function toyData(manifest: Manifest = toyManifest()): Batches {
  const { batch, seed } = manifest;
  const trainingExamples = 20;
  const heldOutExamples = 7;
  const noise = normals(keyOf(seed, "toy data", 0), (trainingExamples + heldOutExamples) * (features + 1));
  const take = (indices: readonly number[], valid: number): Batch => {
    const x = new Float32Array(batch * features);
    const y = new Float32Array(batch);
    indices.forEach((index, row) => {
      const values = noise.subarray(index * (features + 1), (index + 1) * (features + 1));
      x.set(values.subarray(0, features), row * features);
      y[row] = values[0]! * 2 - values[1]! + 0.5 + values[features]! * 0.1;
    });
    return {
      inputs: new Map([
        ["x", x],
        ["y", y],
      ]),
      valid,
    };
  };
  return {
    description: "toy data/toy: 20 training examples, 7 held out",
    stepsPerEpoch: trainingExamples / batch,
    trainingExamples,
    heldOutExamples,
    *training(epoch, start) {
      const order = [...permutation(keyOf(seed, "shuffle", epoch), trainingExamples)];
      for (let i = start; i < trainingExamples / batch; i++) yield take(order.slice(i * batch, (i + 1) * batch), batch);
    },
    *heldOut() {
      for (let first = 0; first < heldOutExamples; first += batch) {
        const indices = Array.from(
          { length: batch },
          (_, i) => trainingExamples + Math.min(first + i, heldOutExamples - 1),
        );
        yield take(indices, Math.min(batch, heldOutExamples - first));
      }
    },
  };
}

export interface ToyOptions {
  /** The step, from 0, that gives NaN. */
  readonly faultAt?: number;
  /** The step, from 0, that fails, as when a device is lost. */
  readonly brokenAt?: number;
  /** Steps that may be under way behind one: results then come together, once there are so many, or some time later. */
  readonly ahead?: number;
  readonly storesHalf?: boolean;
  /** Called at the end of each step, and of each batch of an evaluation. */
  readonly afterStep?: (step: number) => void;
  readonly afterEvaluation?: () => void;
  /** Milliseconds that a step blocks the process. */
  readonly busy?: number;
  /** Milliseconds that reading the values takes, while the process can do other things. */
  readonly reading?: number;
}

export class ToyEngine implements Engine {
  device = "toy on javascript";
  ahead: number;
  readonly storesHalf: boolean;
  /** Numbers of the steps taken. */
  readonly taken: number[] = [];
  /** The most steps that were under way at once. */
  mostUnderWay = 0;
  /** The batch and the number of the step that was repeated to find its fault. */
  located: { readonly batch: Batch; readonly step: number } | undefined;
  private values: NamedTensors = new Map();
  private isFaulty = false;
  /** Gives the results of the steps under way. */
  private underWay: (() => void)[] = [];

  constructor(
    private readonly manifest: Manifest = toyManifest(),
    private readonly options: ToyOptions = {},
  ) {
    this.ahead = options.ahead ?? 0;
    this.storesHalf = options.storesHalf ?? false;
  }

  async initialise(): Promise<void> {
    this.values = new Map<string, Float32Array | Int32Array>([
      ["weight", Float32Array.from(normals(keyOf(this.manifest.seed, "weight", 0), features))],
      ["bias", new Float32Array(1)],
      ["momentum.weight", new Float32Array(features)],
      ["momentum.bias", new Float32Array(1)],
      ["seen", new Int32Array(1)],
    ]);
  }

  /** The batch's own inputs and the weight. */
  async measure(_: string, batch: Batch): Promise<ReadonlyMap<string, ArrayLike<number>>> {
    this.mustBeIdle();
    return new Map([["x", batch.inputs.get("x")!.slice()], ["weight", this.values.get("weight")!.slice()]]);
  }

  async step(batch: Batch, step: number, steps: number): Promise<StepResult> {
    if (this.ahead === 0) return this.take(batch, step, steps);
    // In the order of the calls, as a device does it; the arrays are those that the result is about.
    const before = [...batch.inputs.values()].map((values) => values.slice());
    const result = this.take(batch, step, steps);
    await new Promise<void>((resolve) => {
      this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay.push(resolve));
      if (this.underWay.length > this.ahead) this.readBack();
      else setTimeout(() => this.readBack(), 2);
    });
    const isSame = [...batch.inputs.values()].every((values, i) => values.every((value, j) => value === before[i]![j]));
    if (!isSame) throw new Error(`the batch of step ${step} was changed before its result was there`);
    if (step === this.options.brokenAt) throw new Error("the device is lost");
    return result;
  }

  /** Results come shortly behind one another, so that a loop that does not wait for the last is found out. */
  private readBack(): void {
    this.underWay.shift()?.();
    if (this.underWay.length > 0) setImmediate(() => this.readBack());
  }

  private mustBeIdle(): void {
    if (this.underWay.length > 0) throw new Error(`${this.underWay.length} steps are still under way`);
  }

  private take(batch: Batch, step: number, steps: number): StepResult {
    // By the contract, the numbers of a step behind one that was not finite mean nothing.
    if (this.isFaulty) return { finite: true, loss: 99, rate: 99, reports: {} };
    const end = performance.now() + (this.options.busy ?? 0);
    while (performance.now() < end);
    if (step === this.options.faultAt) {
      this.isFaulty = true;
      return { finite: false, loss: NaN, rate: NaN, reports: {} };
    }
    const rate = Math.fround(0.1 * (1 - step / steps));
    const { loss, close, errors } = this.errors(batch);
    const dropped = normals(keyOf(this.manifest.seed, "drop", step), 1)[0]! > 0;
    const x = batch.inputs.get("x")!;
    const momentum = this.values.get("momentum.weight")!;
    const weight = this.values.get("weight")!;
    for (let i = 0; i < features; i++) {
      const gradient = errors.reduce((sum, error, row) => sum + error * x[row * features + i]!, 0) / errors.length;
      momentum[i] = momentum[i]! * 0.9 + (dropped ? 0 : gradient);
      weight[i] = weight[i]! - rate * momentum[i]!;
    }
    const biasMomentum = this.values.get("momentum.bias")!;
    biasMomentum[0] = biasMomentum[0]! * 0.9 + errors.reduce((sum, error) => sum + error, 0) / errors.length;
    this.values.get("bias")![0]! -= rate * biasMomentum[0]!;
    this.values.get("seen")![0]! += batch.valid;
    this.taken.push(step);
    this.options.afterStep?.(step);
    return { finite: true, loss, rate, reports: { close } };
  }

  async evaluate(batch: Batch): Promise<Readonly<Record<string, number>>> {
    this.mustBeIdle();
    const { loss, close } = this.errors(batch);
    this.options.afterEvaluation?.();
    return { loss, close };
  }

  async read(): Promise<NamedTensors> {
    this.mustBeIdle();
    await sleep(this.options.reading ?? 0);
    return new Map([...this.values].map(([name, values]) => [name, values.slice()]));
  }

  async write(values: NamedTensors): Promise<void> {
    this.mustBeIdle();
    this.isFaulty = false;
    for (const [name, present] of this.values) {
      const data = values.get(name);
      if (data?.length !== present.length) throw new Error(`${name} has another size`);
      this.values.set(name, data.slice());
    }
  }

  async locate(batch: Batch, step: number): Promise<Fault | undefined> {
    this.mustBeIdle();
    this.located = { batch, step };
    return { operation: "rsqrt", place: "encoder.3.attention.before.cls", source: "toy.norm:4:7", phase: "forward" };
  }

  memory(): { bytes: number; tensors: number } {
    return { bytes: 0, tensors: this.values.size };
  }

  dispose(): void {
    this.values.clear();
  }

  /** Over the valid examples: errors, mean square of them, and the share of small ones. */
  private errors({ inputs, valid }: Batch): { errors: number[]; loss: number; close: number } {
    const x = inputs.get("x")!;
    const y = inputs.get("y")!;
    const weight = this.values.get("weight")!;
    const errors = Array.from({ length: valid }, (_, row) => {
      let sum = this.values.get("bias")![0]! - y[row]!;
      for (let i = 0; i < features; i++) sum += x[row * features + i]! * weight[i]!;
      return sum;
    });
    const loss = errors.reduce((sum, error) => sum + error * error, 0) / valid;
    return { errors, loss, close: errors.filter((error) => Math.abs(error) < 0.5).length / valid };
  }
}

/** A stream that keeps what is written to it. */
export class Recorder implements Output {
  text = "";
  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}
