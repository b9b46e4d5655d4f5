/**
 * The contract between an emitted trainer and the runtime that drives it.
 *
 * A target's emitted program is a manifest (data) and an engine (code). The runtime feeds the engine with batches,
 * keeps checkpoints and reports; it knows no target, and no compiler code.
 */

/** An axis of a tensor: its name and its extent. */
export interface Axis {
  readonly name: string;
  readonly extent: number;
}

export type ElementType = "f32" | "i32";

/** What a parameter, a state or an input looks like. Row-major in the order of `axes`. */
export interface TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly axes: readonly Axis[];
}

/** An input of the model. Its first axis is `batch`; the loader provides the other axes for each example. */
export interface InputSpec extends TensorSpec {
  /** For class labels and token ids: each value is a whole number in 0 … below − 1. */
  readonly below?: number;
}

/** A value of the recipe's `data` line: `idx("data/digits")` is a call with arguments. */
export interface DataSource {
  readonly loader: string;
  readonly arguments: readonly DataArgument[];
  /** Where the spec says it, for messages: `file:line:column`. */
  readonly place: string;
}
export interface DataArgument {
  readonly name?: string;
  readonly value: string | number | boolean;
}

/** A line `from` of the recipe: parameters and states of the model that begin with the values of a file. */
export interface Start {
  readonly source: StageSource | FileSource;
  readonly slots: readonly StartSlot[];
}
/** The weights of the finished run of another recipe. */
export interface StageSource {
  readonly kind: "stage";
  readonly name: string;
  /** The fingerprint of that recipe as it is now, so that a run of an older one is noticed; left out, it is not looked at. */
  readonly recipe?: string;
}
/** A file of safetensors, whose path is looked up where data is. */
export interface FileSource {
  readonly kind: "file";
  readonly path: string;
  /** Where the spec says it, for messages: `file:line:column`. */
  readonly place: string;
}
/** One parameter or state, and where its values stand. */
export interface StartSlot {
  readonly own: string;
  /** The name of the tensor in the file. */
  readonly stored: string;
  /** How that tensor is laid out; left out, as the parameter or state itself. */
  readonly layout?: StoredLayout;
}
/** Axes are made of parts with names, each of which stands once on either side; a part's extent follows from the others'. */
export interface StoredLayout {
  /** The parts of each axis of the parameter, the slowest first. */
  readonly own: readonly (readonly string[])[];
  readonly stored: readonly StoredDimension[];
}
export interface StoredDimension {
  /** None for a dimension of extent 1. */
  readonly parts: readonly string[];
  /** The dimension holds `of` equal sections, of which this is number `section`, counted from 1. */
  readonly section?: number;
  readonly of?: number;
}

/** A `measure` line: tensors that the engine gives of some batches, and the program that computes numbers of them. */
export interface Measurement {
  /** The names of what is measured, such as `uniformity(encoded.cls)`: results m0, m1, … of the program. */
  readonly values: readonly string[];
  readonly every: { readonly count: number; readonly unit: "epochs" | "steps" };
  /** How many held-out examples are measured. */
  readonly examples: number;
  readonly mode: "training" | "evaluation";
  /** The entry of the engine's program that gives the tensors: see `Engine.measure`. */
  readonly entry: string;
  readonly collected: readonly CollectedTensor[];
  /** A program of the IR as text, whose one entry `measure` has the collected tensors as inputs. */
  readonly program: string;
}
/** A tensor of which each batch gives a part (`rows`, along `batch`), a share (`mean`), or all (`last`). */
export interface CollectedTensor {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly combine: "rows" | "mean" | "last";
}

/** Everything that the runtime must know of a trainer before it runs; it is plain JSON. */
export interface Manifest {
  /** The name of the `train` block. */
  readonly name: string;
  /** The spec's file name, without its folders. */
  readonly spec: string;
  readonly target: string;
  readonly seed: number;
  readonly batch: number;
  /** Exactly one of the two is given. */
  readonly epochs?: number;
  readonly steps?: number;
  /** Share of the examples held out for evaluation, when the data set has no test part of its own. */
  readonly holdout: number;
  /**
   * In mixed precision an engine may store activations and gradients as 16-bit floats. One that cannot trains the same
   * program, loss scaling included, in float32.
   */
  readonly precision: "single" | "mixed";
  readonly data: DataSource;
  /** Canonical text of how parameters are updated, so that a changed recipe is noticed on resume. */
  readonly recipe: string;
  /** What the run begins with in place of the first values that it would draw; what stands later counts. Left out: nothing. */
  readonly start?: readonly Start[];
  readonly parameters: readonly ParameterSpec[];
  /** Running statistics, optimizer moments: kept in checkpoints; `weights.safetensors` holds those of the model. */
  readonly states: readonly StateSpec[];
  readonly inputs: readonly InputSpec[];
  /** The names of the reported measures, such as `accuracy`. */
  readonly reports: readonly string[];
  /** The recipe's `measure` lines. Left out: none. */
  readonly measures?: readonly Measurement[];
  readonly cost: {
    readonly parameters: number;
    readonly flopsPerStep: number;
    /** Predicted peak of bytes held by the engine during a step. */
    readonly peakBytes: number;
  };
}

export interface ParameterSpec extends TensorSpec {
  /** The state that evaluation reads in its place, a running mean: the file of weights holds its value. */
  readonly average?: string;
}

export interface StateSpec extends TensorSpec {
  /** The model's own state (running statistics) or the optimizer's. */
  readonly owner: "model" | "optimizer";
}

export type TensorData = Float32Array | Int32Array;
export type NamedTensors = Map<string, TensorData>;

/** One batch: each input's values, row-major, `batch` first. */
export interface Batch {
  readonly inputs: NamedTensors;
  /** How many of the batch's examples are real; the rest repeat the last and are not counted. Training batches are full. */
  readonly valid: number;
}

export interface StepResult {
  /**
   * False when the loss, a parameter or a state came out as NaN or infinity: the engine then kept the values from before. A
   * step that loss scaling skipped is finite: the program itself kept the values.
   */
  readonly finite: boolean;
  readonly loss: number;
  readonly rate: number;
  /** The reported measures on the training batch. */
  readonly reports: Readonly<Record<string, number>>;
}

/** Where the first value that is not finite came from. */
export interface Fault {
  /** The operation, such as `rsqrt`. */
  readonly operation: string;
  /** The place in the model, such as `encoder.3.attention.before.cls`. */
  readonly place: string;
  /** `file:line:column` in the spec when it is known. */
  readonly source?: string;
  /** `forward`, `backward` or `update`. */
  readonly phase: string;
}

/**
 * An emitted program, loaded on a device. Every method leaves no garbage behind. But for `step`, where `ahead` allows it, a
 * method is called only when the promises of all earlier calls have settled.
 */
export interface Engine {
  /** Such as `tfjs on wasm (simd)`: printed at start. */
  readonly device: string;
  /** Whether the engine stores activations and gradients as 16-bit floats in mixed precision; left out, it does not. */
  readonly storesHalf?: boolean;
  /**
   * How many further steps may be submitted before the result of one is awaited; left out, none. An engine that waits for
   * its device to read results back is kept busy so. It may change from step to step. Each result comes in the end, whether
   * or not more steps follow.
   */
  readonly ahead?: number;
  /** Draws the initial parameters and states. */
  initialise(): Promise<void>;
  /**
   * Runs training step number `step` (0-based) of `steps`, and keeps its results if they are all finite. Steps take effect in
   * the order of the calls, and a batch stays as it is until the result is there. An engine with `ahead` that meets a step
   * that is not finite ignores all steps after it until `write` is called: it holds the values from before that step, and
   * the results of the ignored steps have no meaning.
   */
  step(batch: Batch, step: number, steps: number): Promise<StepResult>;
  /** Loss and reports on one held-out batch, means over its valid examples, without changing anything. */
  evaluate(batch: Batch): Promise<Readonly<Record<string, number>>>;
  /**
   * The tensors that the entry `entry` gives of a full batch, by name, row-major in the order of their axes; nothing is changed.
   * `step` and `steps` count as in `step`.
   */
  measure(entry: string, batch: Batch, step: number, steps: number): Promise<ReadonlyMap<string, ArrayLike<number>>>;
  /** Copies of all parameters and states, by name. */
  read(): Promise<NamedTensors>;
  /** Replaces all parameters and states; throws if one is missing or has another size. */
  write(values: NamedTensors): Promise<void>;
  /**
   * Repeats a step that was not finite, on the values from before it, operation by operation, and names the first operation
   * whose result is not.
   */
  locate(batch: Batch, step: number, steps: number): Promise<Fault | undefined>;
  /** Bytes the engine holds now, and how many tensors. */
  memory(): { bytes: number; tensors: number };
  dispose(): void;
}
