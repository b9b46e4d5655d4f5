/** The kernel program: what is dispatched in which order, and where every tensor lies. It knows no target. */

import type { Part } from "./part.js";
import type { Tensor } from "./tensor.js";

/** How a part is divided among threads. */
export type Schedule = FoldSchedule | ProductSchedule;

/** Each row is computed by `lanes` threads of a group together, or each thread computes `rowsPerThread` rows, one after the other. */
export interface FoldSchedule {
  readonly kind: "fold";
  readonly lanes: number;
  /** More than 1 only where `lanes` is 1. */
  readonly rowsPerThread: number;
  /** Whether neighbouring threads take neighbouring rows, rather than neighbouring elements of one row. */
  readonly rowsFirst: boolean;
}

/** A group computes a tile of `threadsM · microM` by `threadsN · microN` results, `stepK` summands at a time. */
export interface ProductSchedule {
  readonly kind: "product";
  readonly threadsM: number;
  readonly threadsN: number;
  readonly microM: number;
  readonly microN: number;
  readonly stepK: number;
  /** Whether the factors pass through memory that the group shares. */
  readonly isShared: boolean;
  /**
   * Set when subgroups multiply matrices of these extents, with factors of 16 bits: each subgroup then computes two by two of
   * them, and the threads' own tiles count for the size of the group's alone.
   */
  readonly matrix?: Matrix;
}

/** Extents of the matrices that a subgroup multiplies at once, and the threads of a subgroup. */
export interface Matrix {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly subgroup: number;
}

/** A normalised part with its schedule. */
export interface Piece {
  readonly part: Part;
  readonly schedule: Schedule;
  /** How many groups of threads it takes. */
  readonly groups: number;
}

/** Pieces that run side by side: none needs what another one writes, unless they are done in turns. */
export interface Dispatch {
  readonly pieces: readonly Piece[];
  /** Threads of a group. */
  readonly threads: number;
  /**
   * When set, the pieces are done one after the other, in so many turns. A turn does an equal part of each piece's first rows (a
   * product's batch), the first turn the first part, and needs nothing that another turn writes in this dispatch.
   */
  readonly turns?: number;
}

/** Where a tensor lies: bytes from the start of a buffer. */
export interface Placement {
  readonly buffer: BufferName;
  readonly offset: number;
  /** The tensor that it lies in, if it is packed with others; their distances are the same wherever a kernel is used. */
  readonly whole?: Tensor;
}
/** Temporaries that do not fit in one buffer go on in `arena1`, `arena2` and so on. */
export type BufferName = "slots" | "inputs" | "results" | "arena" | `arena${number}`;

export interface EntryPlan {
  readonly name: string;
  readonly dispatches: readonly Dispatch[];
  /**
   * Run after the others, twice: once to see that every value is finite, and once to keep them when all are. So a step leaves
   * everything as it was, or takes effect as a whole.
   */
  readonly updates: readonly Dispatch[];
  readonly results: ReadonlyMap<string, Tensor>;
  /** Bytes of the arenas that it uses. */
  readonly arenaBytes: number;
}

export interface KernelProgram {
  readonly name: string;
  readonly slots: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Streams of random numbers by name: the tensor of each one's key. */
  readonly keys: ReadonlyMap<string, Tensor>;
  readonly placements: ReadonlyMap<Tensor, Placement>;
  /** Bytes of each buffer. */
  readonly buffers: ReadonlyMap<BufferName, number>;
  readonly entries: ReadonlyMap<string, EntryPlan>;
}
