/**
 * What a WebAssembly trainer runs: where everything lies in one memory, and which kernels an entry calls in which order. It is plain
 * JSON, written by the compiler beside the module of the kernels.
 *
 * The module imports its memory as `env.memory` (shared, at most 65,536 pages) and exports
 * `run(from: i32, to: i32, thread: i32, threads: i32)`, which does this thread's share of the dispatches `from` … `to` − 1. All
 * threads call it alike; in it they wait for each other after every dispatch, by atomics, so that it returns when the work of
 * all of them is there. The first `reservedBytes` of the memory are the module's and the pool's own, and zero at the start.
 */

/** Bytes at the start of the memory that hold no tensor. */
export const reservedBytes = 256;

/** Places of 32-bit words in the reserved bytes. */
export const words = {
  /** Threads that have arrived at the module's barrier, and how often all have. */
  arrived: 0,
  turns: 4,
  /** 1 when a value that is about to be kept is not finite: the updates then keep nothing. The host sets it to 0. */
  health: 64,
  /** For the pool: what its threads wait on, and what they are asked to do. */
  pool: 128,
} as const;

/** A tensor in the memory. Booleans are i32, 0 and 1. */
export interface TensorRange {
  readonly name: string;
  readonly type: "f32" | "i32";
  /** Bytes from the start of the memory. */
  readonly offset: number;
  readonly elements: number;
}

/** What a dispatch writes, for finding where a value that is not finite came from. */
export interface Output extends Omit<TensorRange, "name"> {
  /** The operation that it ends with, such as `rsqrt`. */
  readonly operation: string;
  /** The place in the model, such as `encoder.3.attention.before.cls`. */
  readonly place: string;
  /** `file:line:column` in the spec when it is known. */
  readonly source?: string;
  readonly phase: string;
}

export interface PlannedDispatch {
  /** The bytes that it reads: where they begin, and the first that it does not. */
  readonly reads: readonly (readonly [start: number, end: number])[];
  /** Nothing for those that check. */
  readonly outputs: readonly Output[];
}

/**
 * An entry runs the dispatches `from` … `to` − 1. The last of them, from `commit` on, write the new values of slots unless the
 * word `health` is 1; those before, from `check` on, set it to 1 if one of these values is not finite.
 */
export interface PlannedEntry {
  readonly from: number;
  readonly check: number;
  readonly commit: number;
  readonly to: number;
  /** The first one is number `from`. */
  readonly dispatches: readonly PlannedDispatch[];
  /** Each one element, but for those of measures. */
  readonly results: readonly TensorRange[];
}

export interface Plan {
  /** Bytes of the memory without what each thread needs for itself. */
  readonly bytes: number;
  /** Bytes that each thread needs for itself: they lie behind the others, thread after thread. */
  readonly scratch: number;
  readonly slots: readonly TensorRange[];
  /** The batch, the numbers `step` and `steps`, and the weights `valid` of examples. */
  readonly inputs: readonly TensorRange[];
  /** Streams of random numbers: the places of their keys (two words each). */
  readonly keys: readonly TensorRange[];
  readonly entries: Readonly<Record<"initialise" | "step" | "evaluate", PlannedEntry>>;
  /** The entries that give tensors for measures, by name; left out, there are none. */
  readonly measures?: Readonly<Record<string, PlannedEntry>>;
}
