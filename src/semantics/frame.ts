/** Where an expression is evaluated: the names, axes and place around it. */

import type { Op, StateSlot } from "../ir/program.js";
import type { Span, StateStatement } from "../syntax/ast.js";
import type { Module } from "./modules.js";
import type { TensorValue, Value } from "./values.js";

/** A state, a parameter or a stream that `<-` may change, and its value at this point of the program. */
export interface Cell {
  readonly slot: string;
  readonly owner: StateSlot["owner"] | "parameter" | "stream";
  current: TensorValue;
  /** @throws CheckError when it cannot have that value */
  readonly check?: (next: Op, at: Span) => void;
}

/** A part of the model that owns parameters: its path, and the names given out below it. */
export class Instance {
  private readonly used = new Map<string, number>();
  constructor(
    readonly path: string,
    /** True inside a norm, whose parameters have the role `norm`. */
    readonly isNorm: boolean = false,
  ) {}

  /** The path of `name` below this instance; a second one of the same name is `name_2`. */
  claim(name: string): string {
    const count = (this.used.get(name) ?? 0) + 1;
    this.used.set(name, count);
    const own = count === 1 ? name : `${name}_${count}`;
    return this.path === "" ? own : `${this.path}.${own}`;
  }
}

/** Extents of the axes that the arguments of the enclosing definition have; `conflict` where they differ. */
export type AxesInScope = ReadonlyMap<string, number | "conflict">;

/** What a stack gives to its placements. */
export interface Placed {
  /** The streams by their declarations, as the sublayers so far have left them. */
  readonly streams: Map<StateStatement, Cell>;
  /** Whether the stack ends here: the name `ending`. */
  readonly isEnding: boolean;
}

export interface Frame {
  readonly module: Module;
  readonly names: Map<string, Value>;
  readonly cells: Map<string, Cell>;
  /** Names of axes that stand for the caller's: `softmax(x over axes)`. */
  readonly axisNames: ReadonlyMap<string, readonly string[]>;
  readonly axes: AxesInScope;
  readonly instance: Instance;
  /** Names that `with` rebinds, for this definition and those it uses by name. */
  readonly overrides: ReadonlyMap<string, Value>;
  /** How the value being computed will be called, which names the part that makes it. */
  readonly binding?: string;
  /** In a placement that a stack runs. */
  readonly placed?: Placed;
}

/** Where the parts of an expression are evaluated: what is bound to a name is called by it, and a part is not the whole. */
export function partsOf(frame: Frame): Frame {
  if (frame.binding === undefined) return frame;
  const { binding: _, ...parts } = frame;
  return parts;
}
