/// <reference lib="dom" />
/** What the host and its threads say to each other. */

/** The first message to a thread. It answers `Ready`. */
export interface Start {
  readonly module: WebAssembly.Module;
  /** The leader's is 0. */
  readonly thread: number;
  readonly threads: number;
  /** The memory, or for the leader how many pages the one shall have that it makes. */
  readonly memory: WebAssembly.Memory | { readonly pages: number };
}

/** Copied into the memory, at this byte. */
export type Write = readonly [offset: number, bytes: Uint8Array];

/** What the leader is asked: to write, then to run dispatches, then to read. It answers `Done`. */
export interface Request {
  readonly writes: readonly Write[];
  readonly run?: readonly [from: number, to: number];
  readonly reads: readonly (readonly [offset: number, length: number])[];
}

export interface Ready {
  readonly kind: "ready";
  /** For the helpers. A leader without helpers keeps its memory to itself: a page may not be allowed to share it. */
  readonly memory?: WebAssembly.Memory;
}

export interface Done {
  readonly kind: "done";
  /** A copy of each range that was to be read. */
  readonly reads: readonly ArrayBuffer[];
}

/** Instead of an answer, or from a helper at any time. The thread does nothing any more. */
export interface Failed {
  readonly kind: "failed";
  /** What it could not do: get its memory, or compute. */
  readonly what: "memory" | "kernels";
  readonly cause: unknown;
}

export type Answer = Ready | Done | Failed;
