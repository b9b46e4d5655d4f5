/**
 * What a WebGPU trainer runs: shaders, buffers, and dispatches in order. It is plain JSON, written by the compiler.
 *
 * `slots` holds parameters and states; `inputs` the batch, the numbers `step` and `steps`, the weights
 * `valid` of examples, and the keys of random numbers; `results` what the host reads; `arena` everything between, and `arena1` and
 * so on what does not fit in one buffer.
 */

export type BufferName = "slots" | "inputs" | "results" | "arena" | `arena${number}`;

/** A tensor in a buffer. Booleans are i32. */
export interface TensorRange {
  readonly name: string;
  readonly type: "f32" | "i32" | "f16";
  /** Bytes from the start of the buffer. */
  readonly offset: number;
  readonly elements: number;
}

export interface Binding {
  readonly buffer: BufferName;
  readonly offset: number;
  readonly size: number;
  readonly access: "read" | "read_write";
}

/** What a dispatch writes, for finding where a value that is not finite came from. */
export interface Output extends Omit<TensorRange, "name"> {
  readonly buffer: BufferName;
  /** The operation that it ends with, such as `rsqrt`. */
  readonly operation: string;
  /** The place in the model, such as `encoder.3.attention.before.cls`. */
  readonly place: string;
  /** `file:line:column` in the spec when it is known. */
  readonly source?: string;
  readonly phase: string;
}

export interface PlannedDispatch {
  /** Index of the shader; its entry point is `main`, and binding i of group 0 is bindings[i]. */
  readonly shader: number;
  readonly groups: readonly [x: number, y: number];
  readonly bindings: readonly Binding[];
  readonly outputs: readonly Output[];
}

export interface PlannedEntry {
  readonly dispatches: readonly PlannedDispatch[];
  /** Sets the first word of `results` to 1 if a new value of a slot is not finite. Never sets it to 0. */
  readonly check: readonly PlannedDispatch[];
  /** Writes the new values of slots, unless the first word of `results` is 1. */
  readonly commit: readonly PlannedDispatch[];
  /** In `results`, each one element, but for those of measures. */
  readonly results: readonly TensorRange[];
}

export interface Plan {
  /** Features and limits that a device must be asked for. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Bytes of each buffer. */
  readonly buffers: Readonly<Record<BufferName, number>>;
  /** WGSL texts; equal kernels are one. */
  readonly shaders: readonly string[];
  readonly slots: readonly TensorRange[];
  readonly inputs: readonly TensorRange[];
  /** Streams of random numbers, with their keys (two words) in `inputs`. */
  readonly keys: readonly TensorRange[];
  readonly entries: Readonly<Record<"initialise" | "step" | "evaluate", PlannedEntry>>;
  /** The entries that give tensors for measures, by name; left out, there are none. */
  readonly measures?: Readonly<Record<string, PlannedEntry>>;
}
